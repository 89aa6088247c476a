// What the page's own address asks for. A token is never read from it: addresses are shared, and kept in histories.

const DEFAULT_TOP = 10;
const MOST_TOP = 100;

/** Reads a query; what is absent or makes no sense has its default: "" is "the page's choice". */
export function readAddress(search) {
  const asked = new URLSearchParams(search);
  const text = (name) => asked.get(name) ?? "";
  return {
    board: text("board"),
    window: text("window"),
    member: text("member"),
    top: readTop(text("top")),
    kiosk: text("kiosk") === "1",
  };
}

function readTop(text) {
  const top = /^\d{1,9}$/.test(text) ? Number(text) : DEFAULT_TOP;
  return Math.min(Math.max(top, 1), MOST_TOP);
}

/** Writes the query that leads to `choice` again, without what is the default. */
export function writeAddress(choice) {
  const query = new URLSearchParams();
  for (const name of ["board", "window", "member"]) {
    if (choice[name]) query.set(name, choice[name]);
  }
  if (choice.top !== DEFAULT_TOP) query.set("top", choice.top);
  if (choice.kiosk) query.set("kiosk", "1");
  return query.size ? `?${query}` : location.pathname;
}
