// What moves on the page, and what does not where the reader wants less motion.

const SLIDE = { duration: 550, easing: "cubic-bezier(.2, .7, .2, 1)" };
const COUNT_MS = 600;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Lets an element that is at its new place come from (dx, dy) beside it. One slide adds to those under way. */
export function slide(element, dx, dy) {
  if (calm.matches || (dx === 0 && dy === 0)) return;
  element.animate({ transform: [`translate(${dx}px, ${dy}px)`, "none"] }, { ...SLIDE, composite: "add" });
}

/** Lets an element that is new come in. */
export function enter(element) {
  if (calm.matches) return;
  element.animate({ opacity: [0, 1], transform: ["translateY(50%)", "none"] }, SLIDE);
}

/** Lets an element go, and takes it away. */
export function leave(element) {
  if (calm.matches) {
    element.remove();
    return;
  }
  const frames = { opacity: [1, 0], transform: ["none", "translateY(50%)"] };
  element.animate(frames, { ...SLIDE, duration: 300 }).onfinish = () => element.remove();
}

const counting = new Set();

/** A number that counts from what it shows to what it is. */
export class Counter {
  #element;
  #shown;
  #from;
  #to;
  #since;
  #write;

  constructor(element) {
    this.#element = element;
  }

  /** Shows `value`, at once where it is the first. */
  show(value, write) {
    this.#from = calm.matches ? value : (this.#shown ?? value);
    this.#to = value;
    this.#write = write;
    this.#since = performance.now();
    if (this.step(this.#since)) return;
    if (counting.size === 0) requestAnimationFrame(countOn);
    counting.add(this);
  }

  /** Shows the number as of `now`, and tells whether it has arrived. */
  step(now) {
    const share = this.#from === this.#to ? 1 : Math.min(1, Math.max(0, (now - this.#since) / COUNT_MS));
    this.#shown = share === 1 ? this.#to : this.#from + (this.#to - this.#from) * (1 - (1 - share) ** 3);
    this.#element.textContent = this.#write(this.#shown);
    return share === 1;
  }
}

function countOn(now) {
  for (const counter of counting) if (counter.step(now)) counting.delete(counter);
  if (counting.size > 0) requestAnimationFrame(countOn);
}
