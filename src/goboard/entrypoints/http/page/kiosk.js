// The wall screen: the standings fill it, in as many columns as keep them legible.

const MOST_IN_COLUMN = 12;
const MOST_COLUMNS = 4;
const FEWEST_ROWS = 6; // or three members' names would be as high as a hand
const wide = matchMedia("(min-aspect-ratio: 1)");

/** Has the page look like a wall screen. */
export function beKiosk() {
  document.documentElement.dataset.kiosk = "";
}

/** Divides the space of an element among the rows in it. */
export function fillScreen(element, rows) {
  const columns = wide.matches ? Math.min(MOST_COLUMNS, Math.ceil(rows / MOST_IN_COLUMN)) : 1;
  element.dataset.columns = columns;
  element.style.setProperty("--columns", columns);
  element.style.setProperty("--rows", Math.max(FEWEST_ROWS, Math.ceil(rows / columns)));
}
