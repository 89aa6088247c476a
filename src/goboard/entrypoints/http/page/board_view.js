// A table of standings that follows them: rows slide to their new places, come in and go.

import { enter, leave, slide } from "./motion.js";
import { Row } from "./row.js";
import { scoreWriter } from "./words.js";

export class BoardView {
  #body;
  #onPick;
  #rows = new Map(); // member → Row
  #followed = "";

  /** Shows standings in `table`; `onPick` is called with the member that is picked. */
  constructor(table, onPick) {
    this.#body = table.tBodies[0];
    this.#onPick = onPick;
  }

  /** Takes all rows away: what comes next has nothing to do with them. */
  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  /** Marks a member's row, now and whenever it is shown; "" is nobody's. */
  follow(member) {
    this.#followed = member;
    for (const [id, row] of this.#rows) row.mark(id === member);
  }

  /** Shows entries in their order, with what has changed in motion. */
  show(entries) {
    const wasEmpty = this.#rows.size === 0;
    const before = this.#places();
    this.#dropAllBut(new Set(entries.map((entry) => entry.id)));
    const entered = this.#fill(entries);
    this.#order(entries);
    if (!wasEmpty) this.#animate(before, entered);
  }

  #places() {
    return new Map([...this.#rows.values()].map((row) => [row, placeOf(row)]));
  }

  #animate(before, entered) {
    const { top } = this.#body.getBoundingClientRect();
    const inSight = (place) => top + place.bottom > 0 && top + place.top < innerHeight;
    // All is measured before anything moves: else each row would be laid out anew.
    const moved = [...this.#places()].filter(([, now]) => inSight(now));
    for (const [row, now] of moved) {
      const was = before.get(row);
      if (was) slide(row.element, was.left - now.left, was.top - now.top);
      else enter(row.element);
    }
    for (const row of entered) row.light();
  }

  #dropAllBut(staying) {
    for (const [id, row] of this.#rows) {
      if (staying.has(id)) continue;
      this.#rows.delete(id);
      freeze(row.element);
      this.#body.append(row.element); // the first row is the first that stays
      leave(row.element);
    }
  }

  #fill(entries) {
    const writeScore = scoreWriter(entries.map((entry) => entry.score));
    const entered = new Set();
    for (const entry of entries) {
      let row = this.#rows.get(entry.id);
      if (!row) {
        row = new Row(entry.id, this.#onPick);
        row.mark(entry.id === this.#followed);
        this.#rows.set(entry.id, row);
        entered.add(row);
      }
      row.show(entry, shareOf(entry.score, entries), writeScore);
    }
    return entered;
  }

  #order(entries) {
    const focused = document.activeElement;
    let next = this.#body.firstElementChild;
    for (const { id } of entries) {
      const { element } = this.#rows.get(id);
      if (element === next) next = next.nextElementSibling;
      else place(this.#body, element, next);
    }
    if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  }
}

function placeOf({ element: { offsetLeft: left, offsetTop: top, offsetHeight: height } }) {
  return { left, top, bottom: top + height };
}

/** Keeps a row that leaves where it is, out of the others' way and of everybody's reach. */
function freeze(element) {
  const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = element;
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  element.classList.add("leaving");
  element.inert = true;
  element.setAttribute("aria-hidden", "true");
}

/** Moves an element; where the browser can, without a break in its transitions and its focus. */
function place(parent, element, next) {
  if (element.isConnected && parent.moveBefore) parent.moveBefore(element, next);
  else parent.insertBefore(element, next);
}

/** Tells how near a score is to the best one, from 0 to 1, the greatest or the least; 0 of all where one is below 0. */
function shareOf(score, entries) {
  const first = entries[0].score;
  const last = entries[entries.length - 1].score;
  if (first <= 0 || last < 0) return 0;
  return first >= last ? score / first : first / score;
}
