// The socket: opened, watched over, and opened again with patience when it breaks.

import { Watches } from "./watches.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SILENT_MS = 12_000; // while something is watched the server says something every 10 s
const TOKEN_EXPIRED = 4401;
const PROTOCOL = "goboard.v1";

/** Tells how long to wait after some failures in a row; by chance, so that a restart is not met by all at once. */
export function waitAfter(failures, chance = Math.random()) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures) * (0.5 + chance / 2);
}

export class Connection {
  #token;
  #listener;
  #socket = null;
  #failures = 0;
  #timer;
  #silence;

  /**
   * `listener` is told: `connecting()`, `live()`, `waiting(ms)` until the next attempt, `failed()` where none could be
   * opened, `expired()` where the token is no longer good, after which nothing more comes.
   */
  constructor(token, listener) {
    this.#token = token;
    this.#listener = listener;
    this.watches = new Watches((message) => this.#send(message));
  }

  /** Opens the socket now, whatever is waited for. */
  open() {
    this.#drop();
    this.#heard(); // a server that hangs accepts connections, and says nothing
    this.#listener.connecting();
    const socket = (this.#socket = makeSocket(this.#token));
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#heard();
      this.#listener.live();
      this.watches.renew();
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lost(code, opened);
  }

  /** Ends the connection for good. */
  close() {
    this.#drop();
  }

  /** Opens the socket now if an attempt is waited for. */
  wake() {
    if (this.#timer) this.open();
  }

  #take(message) {
    this.#heard();
    this.#failures = 0;
    if (message.op !== "ping") this.watches.take(message);
  }

  #heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#ask(), SILENT_MS);
  }

  #ask() {
    this.#send({ op: "ping" });
    this.#silence = setTimeout(() => this.#lost(0, true), SILENT_MS);
  }

  #lost(code, opened) {
    this.#drop();
    if (code === TOKEN_EXPIRED) {
      this.#listener.expired();
      return;
    }
    const wait = waitAfter(this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.open(), wait);
    this.#listener.waiting(wait);
    if (!opened) this.#listener.failed();
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null; // one that is cut off closes only after a minute
    socket.close();
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/** Opens a socket with the token where no log writes it, as a subprotocol, if it can be one (RFC 9110's tchar). */
function makeSocket(token) {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  if (!token) return new WebSocket(url);
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(token) && token !== PROTOCOL) return new WebSocket(url, [PROTOCOL, token]);
  url.searchParams.set("token", token);
  return new WebSocket(url);
}
