// The form that finds a member; it suggests who is in sight.

import { byId, make } from "./dom.js";

export class Finder {
  #name = byId("find-name");

  /** `suggestions` gives names, `onFind` is called with the one that is looked for. */
  constructor(suggestions, onFind) {
    this.#name.addEventListener("focus", () => byId("names").replaceChildren(...suggestions().map(option)));
    byId("find").addEventListener("submit", (event) => {
      event.preventDefault();
      onFind(this.#name.value.trim());
    });
  }
}

function option(name) {
  const element = make("option");
  element.value = name;
  return element;
}
