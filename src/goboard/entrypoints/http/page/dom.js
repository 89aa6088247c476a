// Small helpers for the document. Text gets in as text alone: members' names are anybody's writing.

/** Gives the element with this id. */
export const byId = (id) => document.getElementById(id);

/** Makes an element with a class and children, which are elements or text. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Makes a name's element: whatever its writing direction, the text around it keeps its own. */
export const named = (name) => make("bdi", "", name);

/** Makes the text that only a screen reader has. */
export const unseen = (text) => make("span", "unseen", text);
