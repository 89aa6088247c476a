// One member that the reader follows: its place, its score, who stands beside it, and whom it overtook.

import { BoardView } from "./board_view.js";
import { byId, make, named } from "./dom.js";
import { Counter } from "./motion.js";
import { paced } from "./pace.js";
import { members, number, ordinal, scoreWriter } from "./words.js";

const NEIGHBOURS = { above: 3, below: 3 };
const RENDER_MS = 150;
const MOST_NAMED = 2;
const ABSENT = "Nobody of this name is here yet. Once they score, they show up.";

export class MemberPanel {
  #panel = byId("member");
  #score = new Counter(byId("member-score"));
  #neighbours;
  #news;
  #render = paced(RENDER_MS, () => this.#show());
  #member = "";
  #standings = null;
  #total;
  #place;
  #end = () => {};

  /** `onPick` is called with the neighbour that is to be followed instead, or with "" for nobody. */
  constructor(news, onPick) {
    this.#news = news;
    this.#neighbours = new BoardView(byId("neighbours"), onPick);
    byId("member-close").addEventListener("click", () => onPick(""));
  }

  /** Follows a member; `watch` watches a view and gives what ends that. "" is nobody. */
  follow(member, watch) {
    this.#end();
    this.#end = () => {};
    this.#member = member;
    this.#standings = null;
    this.#place = undefined;
    this.#panel.hidden = !member;
    if (!member) return;
    byId("member-name").replaceChildren(named(member));
    byId("member-news").replaceChildren();
    this.#neighbours.clear();
    this.#neighbours.follow(member);
    this.#tellAbsent("");
    this.#end = watch({ around: member, ...NEIGHBOURS }, {
      shown: (standings, message) => this.#take(standings, message),
      refused: (problem) => this.#tellAbsent(problem.detail),
      ended: (problem) => this.#tellAbsent(problem.detail),
    });
  }

  /** Scrolls to it, where it is out of sight: on a phone it stands above the row that was picked. */
  reveal() {
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  /** Says of how many members it is one; undefined where that is not known yet. */
  setTotal(total) {
    this.#total = total;
    if (this.#standings) this.#render();
  }

  #take(standings, message) {
    this.#standings = standings;
    if (message.overtaken) this.#tellOvertaking(message);
    this.#render();
  }

  #show() {
    const entry = this.#standings?.of(this.#member);
    this.#tellAbsent(entry || !this.#standings ? "" : ABSENT);
    this.#neighbours.show(entry ? this.#standings.ranked() : []);
    if (!entry) return;
    byId("member-rank").textContent = ordinal(entry.rank);
    byId("member-of").textContent = this.#total >= entry.rank ? `of ${members(this.#total)}` : "";
    this.#score.show(entry.score, scoreWriter([entry.score]));
    if (entry.rank !== this.#place) this.#news.say(`${this.#member} is ${ordinal(entry.rank)}`);
    this.#place = entry.rank;
  }

  #tellAbsent(text) {
    byId("member-absent").textContent = text;
    byId("member-absent").hidden = !text;
    byId("member-figures").hidden = byId("neighbours").hidden = !this.#standings?.of(this.#member);
  }

  #tellOvertaking({ overtaken, overtook }) {
    const lines = [];
    if (counted(overtaken)) lines.push(make("span", "up", "▲ overtook ", ...listed(overtaken)));
    if (counted(overtook)) lines.push(make("span", "down", "▼ overtaken by ", ...listed(overtook)));
    if (lines.length) byId("member-news").replaceChildren(...lines);
  }
}

const counted = (group) => group.members.length + group.others;

/** Gives "ann, bob and 3 others" as parts of a line. */
function listed(group) {
  const names = group.members.slice(0, MOST_NAMED).map(named);
  const others = counted(group) - names.length;
  if (names.length === 0) return [members(others)];
  const all = others ? [...names, others === 1 ? "1 other" : `${number(others)} others`] : names;
  return all.flatMap((part, at) => [at === 0 ? "" : at === all.length - 1 ? " and " : ", ", part]);
}
