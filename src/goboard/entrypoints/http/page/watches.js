// What is watched over a connection, and what has come of it.

import { Standings } from "./standings.js";

/** One view of one board, from when it is asked for until it is closed. */
class Watch {
  standings = null;

  /** `listener` is told what comes: `shown(standings, message)`, `refused(problem)`, `ended(problem)`. */
  constructor(id, asked, listener) {
    this.id = id;
    this.asked = asked;
    this.key = keyOf(asked.dashboard, asked);
    this.listener = listener;
  }

  get request() {
    return { op: "watch", id: this.id, ...this.asked };
  }

  /** Takes a message, and tells whether the view has to be asked for anew. */
  take(message) {
    if (message.type === "snapshot") this.standings = new Standings(message);
    else if (this.standings === null) return false; // a snapshot is on its way
    else if (!this.standings.apply(message)) {
      this.standings = null;
      return true;
    }
    this.listener.shown(this.standings, message);
    return false;
  }
}

/** All watches of a page. They outlive the socket: after a break all is asked for again. */
export class Watches {
  #watches = new Map(); // id → Watch
  #send;
  #lastId = 0;

  /** `send` takes a message for the server, and drops it where there is no connection. */
  constructor(send) {
    this.#send = send;
  }

  /** Watches a view, {dashboard, top | around | members, window}, and gives what ends that. */
  add(asked, listener) {
    this.#lastId += 1;
    const watch = new Watch(`watch-${this.#lastId}`, asked, listener);
    this.#watches.set(watch.id, watch);
    this.#send(watch.request);
    return () => this.#end(watch);
  }

  /** Asks for all views anew. */
  renew() {
    for (const watch of this.#watches.values()) {
      watch.standings = null;
      this.#send(watch.request);
    }
  }

  /** Hands a message to the watch that it is for. */
  take(message) {
    const watch = this.#watches.get(message.id) ?? this.#find(message);
    if (!watch) return; // it was ended while the message was under way
    if (message.view) watch.key = keyOf(message.dashboard, message.view); // as the server writes it
    if (message.type === "ended") {
      this.#watches.delete(watch.id);
      watch.listener.ended(message.problem);
    } else if (message.problem) {
      this.#watches.delete(watch.id);
      watch.listener.refused(message.problem);
    } else if (watch.take(message)) {
      this.#send(watch.request);
    }
  }

  #find({ dashboard, view }) {
    if (!view) return undefined;
    const key = keyOf(dashboard, view);
    return [...this.#watches.values()].find((watch) => watch.key === key);
  }

  #end(watch) {
    if (this.#watches.delete(watch.id)) this.#send({ op: "unwatch", ...watch.asked });
  }
}

function keyOf(dashboard, view) {
  return JSON.stringify([dashboard, view.top, view.around, view.above, view.below, view.members, view.window]);
}
