// The state of one watched view: a snapshot, and the changes since. Nothing here knows the page.

/** An ordered run of entries {id, rank, score}, as of one version of one epoch. */
export class Standings {
  #entries;

  constructor(snapshot) {
    this.epoch = snapshot.epoch;
    this.version = snapshot.version;
    this.window = snapshot.window;
    this.period = snapshot.period;
    this.#entries = new Map(snapshot.members.map((entry) => [entry.id, entry]));
  }

  /** Applies a change, and tells whether it fits: where it does not, something was missed, and nothing is applied. */
  apply(change) {
    if (change.epoch !== this.epoch || change.from !== this.version) return false;
    for (const id of change.left) this.#entries.delete(id);
    for (const entry of [...change.entered, ...change.moved]) this.#entries.set(entry.id, entry);
    this.version = change.to;
    return true;
  }

  /** Gives the entry of a member, or undefined. */
  of(id) {
    return this.#entries.get(id);
  }

  /** Gives the entries, best first; those that share a rank stand by name, so that they keep their places. */
  ranked() {
    return [...this.#entries.values()].sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
  }
}
