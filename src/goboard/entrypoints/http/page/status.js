// The state of the connection, as it is told.

import { byId } from "./dom.js";

const BRIEF_MS = 600; // a break that may be over by then moves nothing on the page

export class Status {
  #page = document.documentElement.dataset;
  #text = byId("connection");
  #outage = byId("outage");
  #next = byId("outage-next");
  #clock;

  /** `onNow` is called where the reader does not want to wait. */
  constructor(onNow) {
    byId("outage-now").addEventListener("click", onNow);
  }

  /** Says that the connection is being made; a break stays told until it is over. */
  connecting() {
    clearInterval(this.#clock);
    this.#next.textContent = "Trying again …";
    if (this.#page.connection !== "lost") this.#tell("connecting", "Connecting");
  }

  /** Says that all is well. */
  live() {
    this.#tell("live", "Live");
  }

  /** Says that nothing is connected, nor will be by itself. */
  off() {
    this.#tell("off", "Not connected");
  }

  /** Says that the connection is lost, and counts the seconds until the next attempt. */
  waiting(ms) {
    const at = performance.now() + ms;
    const say = () => {
      const seconds = Math.max(1, Math.ceil((at - performance.now()) / 1000));
      this.#next.textContent = `Trying again in ${seconds} s.`;
    };
    this.#tell("lost", "Connection lost");
    this.#outage.hidden &&= ms <= BRIEF_MS;
    say();
    this.#clock = setInterval(say, 250);
  }

  // A status region is read out when its text changes, so the seconds are counted elsewhere.
  #tell(state, text) {
    clearInterval(this.#clock);
    this.#page.connection = state;
    if (state !== "lost") this.#outage.hidden = true;
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }
}
