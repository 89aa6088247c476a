// What the middle of the page shows: standings, a notice in their place, or the form for a token.

import { byId } from "./dom.js";

const SCENES = ["standings", "notice", "token"];

export class Stage {
  #news;

  /** `onAgain` is called where the reader wants what failed to be tried again. */
  constructor(news, onAgain) {
    this.#news = news;
    byId("notice-again").addEventListener("click", onAgain);
  }

  /** Shows the standings. */
  standings() {
    this.#show("standings");
  }

  /** Shows the form for a token. */
  token() {
    this.#show("token");
  }

  /** Shows a notice in the place of the standings; with `again` it offers to try again. */
  notice(title, text, { again = false } = {}) {
    if (byId("notice").hidden || byId("notice-text").textContent !== text) this.#news.say(`${title}. ${text}`);
    byId("notice-title").textContent = title;
    byId("notice-text").textContent = text;
    byId("notice-again").hidden = !again;
    this.#show("notice");
  }

  #show(scene) {
    for (const id of SCENES) byId(id).hidden = id !== scene;
    byId("stage").dataset.scene = scene;
  }
}
