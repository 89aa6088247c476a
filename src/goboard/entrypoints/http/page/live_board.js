// The first places of the board that is chosen, kept as they are.

import { BoardView } from "./board_view.js";
import { byId, named } from "./dom.js";
import { fillScreen } from "./kiosk.js";
import { paced } from "./pace.js";
import { members, number, periodName } from "./words.js";

const RENDER_MS = 150; // what changes more often is seen as one movement

export class LiveBoard {
  #view;
  #stage;
  #news;
  #board = "";
  #exists = true;
  #standings = null;
  #total;
  #shown = ""; // which board and period the rows are of
  #leader;
  #end = () => {};
  #render = paced(RENDER_MS, () => this.#show());

  /** `onPick` is called with the member that is picked; without it, as on a wall screen, nobody can be. */
  constructor(stage, news, onPick) {
    this.#view = new BoardView(byId("first"), onPick);
    this.#stage = stage;
    this.#news = news;
  }

  /** Shows a board from now on; `watch` watches it for a listener, and gives what ends that. */
  open(board, exists, watch) {
    this.close();
    this.#board = board;
    this.#exists = exists;
    this.#total = undefined;
    byId("board-name").replaceChildren(named(board));
    document.title = `${board} · goboard`;
    const shown = (standings) => {
      this.#standings = standings;
      this.#render();
    };
    this.#end = watch({ shown });
  }

  /** Ends what is watched; the rows stay until others come. */
  close() {
    this.#end();
    this.#end = () => {};
    this.#standings = null;
  }

  /** Marks a member's row. */
  follow(member) {
    this.#view.follow(member);
  }

  /** Says how many members the board has. */
  setTotal(total) {
    this.#total = total;
    this.#sayFacts();
  }

  /** Gives the names that are shown. */
  names() {
    return this.#standings?.ranked().map((entry) => entry.id) ?? [];
  }

  #show() {
    if (this.#standings === null) return; // closed since
    const shown = JSON.stringify([this.#board, this.#standings.window, this.#standings.period]);
    if (shown !== this.#shown) this.#view.clear();
    const entries = this.#standings.ranked();
    fillScreen(byId("standings"), entries.length);
    if (entries.length > 0) this.#stage.standings();
    else this.#sayEmpty();
    this.#view.show(entries);
    this.#sayFacts();
    this.#sayLeader(entries[0], shown === this.#shown);
    this.#shown = shown;
  }

  #sayFacts() {
    const period = this.#standings && periodName(this.#standings.window, this.#standings.period);
    const total = Math.max(this.#total ?? 0, this.names().length); // the latter may be newer
    const facts = [total > 0 && members(total), period].filter(Boolean);
    byId("facts").textContent = facts.join(" · ");
  }

  #sayEmpty() {
    if (this.#exists) this.#stage.notice("Nobody is here yet", "The first score shows at once.");
    else this.#stage.notice("There is no such board yet", "It comes to be with its first score, which shows at once.");
  }

  #sayLeader(first, isKnown) {
    if (first && isKnown && first.id !== this.#leader) this.#news.say(`${first.id} leads with ${number(first.score)}`);
    this.#leader = first?.id;
  }
}
