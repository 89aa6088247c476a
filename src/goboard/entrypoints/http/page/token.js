// The token: kept for as long as the tab is open, and asked for where the server wants one.

import { byId } from "./dom.js";

const KEY = "goboard-token";
const REASONS = {
  auth_missing_token: "This server shows its boards to those who have a token.",
  auth_invalid_token: "The server does not accept this token. It may be mistyped, or have expired.",
  expired: "The token has expired: a new one is needed.",
};

/** Gives the token that was kept, or "". */
export function keptToken() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a browser that keeps nothing: it is asked for again after a reload
  }
}

/** Keeps a token; "" forgets it. */
export function keepToken(token) {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // as above
  }
}

/** Shows the form's reason, and hands on what is entered. */
export class TokenForm {
  #form = byId("token");
  #value = byId("token-value");

  constructor(onToken) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(onToken);
    });
  }

  /** Says why a token is asked for: a problem's code, or "expired". */
  ask(reason) {
    byId("token-text").textContent = REASONS[reason];
    this.#value.value = "";
    this.#value.toggleAttribute("aria-invalid", reason !== "auth_missing_token");
    this.#value.focus();
  }

  #submit(onToken) {
    const token = this.#value.value.trim();
    // No header can carry anything else, so no server can have accepted it.
    if (/^[\x21-\x7e]+$/.test(token)) onToken(token);
    else this.ask("auth_invalid_token");
  }
}
