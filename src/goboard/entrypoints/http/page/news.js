// What a screen reader is told of what happens: little, and not too often.

import { byId } from "./dom.js";

const PAUSE_MS = 5000;

export class News {
  #region = byId("news");
  #pending = "";
  #timer;

  /** Has `text` read out; of several within a few seconds the latest alone. */
  say(text) {
    this.#pending = text;
    if (!this.#timer) this.#tell();
  }

  #tell() {
    this.#timer = undefined;
    if (!this.#pending) return;
    this.#region.textContent = this.#pending;
    this.#pending = "";
    this.#timer = setTimeout(() => this.#tell(), PAUSE_MS);
  }
}
