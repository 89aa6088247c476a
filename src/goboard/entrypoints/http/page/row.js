// One member's row: its place, how that has changed, its name and its score.

import { make, named, unseen } from "./dom.js";
import { Counter } from "./motion.js";

const RECENT_MS = 6000;
const FADE = [{ opacity: [1, 0] }, { delay: 5000, duration: 900 }];
const WASH = [{ backgroundColor: ["var(--wash)", "var(--paper)"] }, 2500];

export class Row {
  #rank = make("td", "rank");
  #change = make("td", "change");
  #score = make("td", "score");
  #counter = new Counter(this.#score);
  #place; // as shown
  #before; // the place from which the arrow counts
  #since; // when it began to
  #fading;

  /** Makes the row of a member; with `onPick` its name is a button. */
  constructor(id, onPick) {
    const name = make("th", "name", onPick ? picker(id, onPick) : named(id));
    name.setAttribute("role", "rowheader");
    name.scope = "row";
    name.title = id; // a long one is cut off
    for (const cell of [this.#rank, this.#change, this.#score]) cell.setAttribute("role", "cell");
    this.element = make("tr", "row", this.#rank, this.#change, name, this.#score);
    this.element.setAttribute("role", "row");
  }

  /** Shows an entry; `share` is its score as a part of the best one. */
  show(entry, share, writeScore) {
    if (this.#place !== undefined && entry.rank !== this.#place) this.#moved(entry.rank);
    this.#place = entry.rank;
    this.#rank.textContent = entry.rank;
    this.element.dataset.place = entry.rank;
    this.#counter.show(entry.score, writeScore);
    this.element.style.setProperty("--share", share);
  }

  /** Marks the row as the one that is followed, or not. */
  mark(followed) {
    if (followed) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
  }

  /** Lights the row up for a moment: its member has just come in. */
  light() {
    this.element.animate(...WASH);
  }

  #moved(rank) {
    this.#fading?.cancel();
    if (this.#before === undefined || performance.now() - this.#since > RECENT_MS) {
      this.#before = this.#place;
      this.#since = performance.now();
    }
    if (rank === this.#before) {
      this.#settle();
      return;
    }
    const [arrow, way] = rank < this.#before ? ["▲", "up"] : ["▼", "down"];
    const places = Math.abs(rank - this.#before);
    const shown = make("span", "", `${arrow}${places}`);
    shown.setAttribute("aria-hidden", "true");
    this.#change.replaceChildren(shown, unseen(`${way} ${places}`));
    this.element.dataset.moved = way;
    this.#fading = shown.animate(...FADE);
    this.#fading.onfinish = () => this.#settle();
  }

  #settle() {
    this.#before = undefined;
    this.#change.replaceChildren();
    delete this.element.dataset.moved;
  }
}

function picker(id, onPick) {
  const button = make("button", "plain", named(id));
  button.type = "button";
  button.addEventListener("click", () => onPick(id));
  return button;
}
