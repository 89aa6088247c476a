// The REST API, as far as the page needs it.

const PAGES_OF_BOARDS = 5;
const PATIENCE_MS = 10_000;

/** What the API refuses, or, with status 0, that it cannot be reached. */
export class Problem extends Error {
  constructor({ status = 0, code = "", title = "", detail = "" }) {
    super(detail || title);
    this.status = status;
    this.code = code;
  }

  /** Whether another token is the way out. */
  get wantsToken() {
    return this.code === "auth_missing_token" || this.code === "auth_invalid_token";
  }

  /** Whether the server has sockets switched off. */
  get isSwitchedOff() {
    return this.status === 503 && this.code === "internal_error";
  }
}

export class Api {
  #root = new URL("api/v1/", document.baseURI);
  #token;

  constructor(token) {
    this.#token = token;
  }

  /** Gives the boards by name, the first few hundred of them, and whether these are all. */
  async boards() {
    const found = [];
    let after = "";
    for (let page = 0; page < PAGES_OF_BOARDS && after !== null; page += 1) {
      const { dashboards, next } = await this.#get("dashboards", { after });
      found.push(...dashboards);
      after = next;
    }
    return { found, complete: after === null };
  }

  /** Gives the windows of a board, the default one first. */
  async windows(board) {
    const { rules } = await this.#get(`dashboards/${encodeURIComponent(board)}/rules`);
    return rules.windows;
  }

  /** Tells how many members a board has in a window; "" is its default window. */
  async count(board, window) {
    const { total_members: count } = await this.#get(`dashboards/${encodeURIComponent(board)}/stats`, { window });
    return count;
  }

  /** Throws the problem for which sockets cannot be opened, where the server has one that it can tell. */
  async checkSocket() {
    await this.#get("dashboards", { limit: 1 });
    const answer = await this.#fetch(new URL("ws", document.baseURI));
    if (answer.status === 503) throw await problemOf(answer);
  }

  async #get(path, query = {}) {
    const url = new URL(path, this.#root);
    for (const [name, value] of Object.entries(query)) {
      if (value !== "") url.searchParams.set(name, value);
    }
    const answer = await this.#fetch(url);
    if (!answer.ok) throw await problemOf(answer);
    return answer.json();
  }

  async #fetch(url) {
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      return await fetch(url, { headers, signal, cache: "no-store", credentials: "omit" });
    } catch {
      throw new Problem({ title: "The server does not answer." });
    }
  }
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => ({}));
  return new Problem({ title: `The server answered ${answer.status}.`, ...told, status: answer.status });
}
