// The controls above the standings: which board, which window, how many places.

import { byId, make } from "./dom.js";
import { windowName } from "./words.js";

const TOPS = [10, 25, 50, 100];

export class Controls {
  #board = byId("board");
  #window = byId("window");
  #top = byId("top");

  /** `onChoice` is called with what is chosen anew: {window}, {top}, or {board}, and with it all that is of a board. */
  constructor(onChoice) {
    this.#board.addEventListener("change", () => onChoice({ board: this.#board.value, window: "", member: "" }));
    this.#window.addEventListener("change", () => onChoice({ window: this.#window.value }));
    this.#top.addEventListener("change", () => onChoice({ top: Number(this.#top.value) }));
  }

  /** Has the controls there or not. */
  show(visible) {
    byId("controls").hidden = !visible;
  }

  /** Offers boards, and the one that is shown in any case. */
  offerBoards(boards, shown) {
    // Not while it may be open: browsers would close it, or choose something else.
    const inUse = document.activeElement === this.#board && this.#board.value === shown;
    if (!inUse) offer(this.#board, boards, shown);
  }

  /** Offers the windows of the board, and the one that is shown in any case. */
  offerWindows(windows, shown) {
    offer(this.#window, windows, shown || windows[0], windowName);
  }

  /** Offers numbers of places, and the one that is shown in any case. */
  offerTops(shown) {
    offer(this.#top, TOPS, shown, (top) => `Top ${top}`);
  }
}

function offer(select, values, shown, write = String) {
  const offered = values.includes(shown) ? values : [shown, ...values];
  const same = select.length === offered.length && offered.every((value, at) => select[at].value === String(value));
  if (!same) {
    select.replaceChildren(
      ...offered.map((value) => {
        const option = make("option", "", write(value));
        option.value = value;
        return option;
      }),
    );
  }
  select.value = shown;
}
