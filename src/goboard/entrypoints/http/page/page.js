// The page as a whole: what is chosen, what is watched of it, and what is done where something fails.

import { readAddress, writeAddress } from "./address.js";
import { Api, Problem } from "./api.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { Finder } from "./finder.js";
import { beKiosk } from "./kiosk.js";
import { LiveBoard } from "./live_board.js";
import { MemberPanel } from "./member_panel.js";
import { News } from "./news.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { keepToken, TokenForm } from "./token.js";

const REFRESH_MS = 10_000;
const AGAIN_MS = 3_000;

export class Page {
  #choice = readAddress(location.search);
  #boards = [];
  #allBoards = false; // whether these are all
  #board = "";
  #api;
  #connection;
  #turn = 0; // counts what was opened: an answer for an earlier one is dropped
  #again;
  #timer;
  #news = new News();
  #stage = new Stage(this.#news, () => this.#again());
  #status = new Status(() => this.#connection.wake());
  #form = new TokenForm((token) => this.enter(token));
  #controls = new Controls((choice) => this.#choose(choice));
  #live = new LiveBoard(this.#stage, this.#news, this.#choice.kiosk ? undefined : (member) => this.#follow(member));
  #member = new MemberPanel(this.#news, (member) => this.#follow(member));

  constructor() {
    if (this.#choice.kiosk) beKiosk();
    new Finder(() => this.#live.names(), (member) => this.#follow(member));
    addEventListener("online", () => this.#connection?.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.#connection?.wake());
    setInterval(() => this.#refresh(), REFRESH_MS);
  }

  /** Begins, as the bearer of a token; "" is nobody. */
  async enter(token) {
    this.#leave();
    const api = (this.#api = new Api(token));
    try {
      await this.#loadBoards();
    } catch (problem) {
      if (api === this.#api) this.#fail("The boards cannot be shown", problem, () => this.enter(token));
      return;
    }
    if (api !== this.#api) return; // another token was entered meanwhile
    keepToken(token);
    this.#connection = new Connection(token, {
      connecting: () => this.#status.connecting(),
      live: () => this.#status.live(),
      waiting: (ms) => this.#status.waiting(ms),
      failed: () => this.#findOutWhy(),
      expired: () => this.#askForToken("expired"),
    });
    this.#connection.open();
    this.#open();
  }

  async #loadBoards() {
    const { found, complete } = await this.#api.boards();
    this.#boards = found;
    this.#allBoards = complete;
  }

  /** Shows what is chosen. */
  async #open() {
    const turn = this.#begin();
    this.#board = this.#choice.board || mostPopular(this.#boards);
    if (!this.#board) {
      this.#stage.notice("There is no board yet", "A board comes to be with its first score, and shows here then.");
      this.#tryAgain(() => this.#lookForBoards());
      return;
    }
    try {
      const windows = await this.#api.windows(this.#board);
      if (turn === this.#turn) this.#watch(windows);
    } catch (problem) {
      if (turn === this.#turn) this.#fail("This board cannot be shown", problem, () => this.#open());
    }
  }

  async #lookForBoards() {
    try {
      await this.#loadBoards();
      this.#open();
    } catch (problem) {
      this.#fail("The boards cannot be shown", problem, () => this.#lookForBoards());
    }
  }

  #watch(windows) {
    this.#offer(windows);
    const fail = (title) => (problem) => this.#fail(title, new Problem(problem), () => this.#open());
    const failures = { refused: fail("This board cannot be shown"), ended: fail("These standings are over") };
    this.#live.open(this.#board, !this.#allBoards || this.#isListed(), (listener) =>
      this.#watchView({ top: this.#choice.top }, { ...listener, ...failures }),
    );
    this.#show(this.#choice.member);
    this.#refresh();
  }

  #watchView(view, listener) {
    const window = this.#choice.window ? { window: this.#choice.window } : {};
    return this.#connection.watches.add({ dashboard: this.#board, ...view, ...window }, listener);
  }

  #offer(windows) {
    this.#controls.offerBoards(this.#boards.map(({ name }) => name), this.#board);
    this.#controls.offerWindows(windows, this.#choice.window);
    this.#controls.offerTops(this.#choice.top);
    this.#controls.show(!this.#choice.kiosk);
  }

  #isListed() {
    return this.#boards.some(({ name }) => name === this.#board);
  }

  #choose(choice) {
    Object.assign(this.#choice, choice);
    this.#rememberChoice();
    this.#open();
  }

  #follow(member) {
    this.#choice.member = member;
    this.#rememberChoice();
    this.#show(member);
    this.#member.reveal();
  }

  #show(member) {
    this.#live.follow(member);
    this.#member.follow(this.#choice.kiosk ? "" : member, (view, listener) => this.#watchView(view, listener));
  }

  #rememberChoice() {
    history.replaceState(null, "", writeAddress(this.#choice));
  }

  /** Asks for what is not watched: how many members there are, and which boards. */
  async #refresh() {
    if (document.hidden || !this.#board) return;
    const turn = this.#turn;
    try {
      const total = await this.#api.count(this.#board, this.#choice.window);
      if (turn !== this.#turn) return;
      this.#live.setTotal(total);
      this.#member.setTotal(total);
      if (this.#choice.kiosk) return;
      await this.#loadBoards();
      this.#controls.offerBoards(this.#boards.map(({ name }) => name), this.#board);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem; // else the connection's state tells it
    }
  }

  /** Finds out why no socket can be opened: a browser is not told. */
  async #findOutWhy() {
    const api = this.#api;
    try {
      await api.checkSocket();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const isWhy = problem.wantsToken || problem.isSwitchedOff;
      if (isWhy && api === this.#api) this.#fail("This board cannot be followed", problem, () => this.#open());
    }
  }

  #fail(title, problem, again) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.wantsToken) {
      this.#askForToken(problem.code);
      return;
    }
    this.#stage.notice(title, problem.message, { again: true });
    this.#tryAgain(again);
  }

  #tryAgain(again) {
    clearTimeout(this.#timer);
    this.#again = again;
    this.#timer = setTimeout(again, AGAIN_MS);
  }

  #askForToken(reason) {
    this.#leave();
    keepToken("");
    this.#status.off();
    this.#controls.show(false);
    this.#stage.token();
    this.#form.ask(reason);
  }

  /** Ends whatever is shown and waited for, and gives the turn of what comes now. */
  #begin() {
    clearTimeout(this.#timer);
    this.#live.close();
    this.#member.follow("");
    this.#member.setTotal(undefined);
    this.#turn += 1;
    return this.#turn;
  }

  #leave() {
    this.#begin();
    this.#connection?.close();
  }
}

function mostPopular(boards) {
  const [first] = boards.toSorted((a, b) => b.total_members - a.total_members);
  return first?.name ?? "";
}
