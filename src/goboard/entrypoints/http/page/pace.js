// How often something is done that is asked for at any rate.

/** Gives a function that has `run` called before the next paint, yet not twice within `ms`. */
export function paced(ms, run) {
  let due = false;
  let last = -Infinity;
  const now = () => {
    due = false;
    last = performance.now();
    run();
  };
  return () => {
    if (due) return;
    due = true;
    setTimeout(() => requestAnimationFrame(now), Math.max(0, last + ms - performance.now()));
  };
}
