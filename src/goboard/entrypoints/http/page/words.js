// How numbers, windows and periods are written.

const MOST_DECIMALS = 3;
const WINDOWS = { all: "All time", hourly: "Hourly", daily: "Daily", weekly: "Weekly", monthly: "Monthly" };
const DAY = { dateStyle: "long", timeZone: "UTC" };

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: MOST_DECIMALS });
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };

/** Writes a whole number or a score that stands alone. */
export const number = (value) => plain.format(value);

/** Writes 1 as 1st. */
export const ordinal = (rank) => `${plain.format(rank)}${ENDINGS[ordinals.select(rank)]}`;

/** Writes how many members there are. */
export const members = (count) => (count === 1 ? "1 member" : `${number(count)} members`);

/** Gives what writes scores that stand below each other: all with as many decimals as the one that needs most. */
export function scoreWriter(scores) {
  const decimals = Math.max(0, ...scores.map(decimalsOf));
  const format = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return (score) => format.format(score);
}

function decimalsOf(score) {
  const text = score.toFixed(MOST_DECIMALS);
  return MOST_DECIMALS - /0*$/.exec(text)[0].length;
}

/** Names a window; a cron expression is its own name. */
export const windowName = (window) => WINDOWS[window] ?? window;

/** Names the stretch of time that is shown, on the board's own clock. */
export function periodName(window, period) {
  if (window === "all") return WINDOWS.all;
  const [, day, time] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d))?/.exec(period) ?? [];
  if (!day) return period;
  const date = new Date(`${day}T00:00Z`);
  if (window === "monthly") return date.toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });
  const written = date.toLocaleDateString("en-GB", DAY);
  if (window === "weekly") return `Week of ${written}`;
  return time ? `${written}, from ${time}` : written;
}
