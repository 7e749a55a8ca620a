/** A table that may be wider than the screen, and is moved by keys as well. */

import { el } from "../kit/dom.js";

/** @type {(label: string, head: string[], rows: string[][]) => HTMLElement} the first cell of a row names it */
export function table(label, head, rows) {
  const top = el("tr", {}, ...head.map((one) => el("th", { scope: "col" }, one)));
  const lines = rows.map(([first = "", ...rest]) =>
    el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((one) => el("td", {}, one))),
  );
  const caption = el("caption", { class: "visually-hidden" }, label);
  const around = { class: "wide", role: "region", tabindex: "0", "aria-label": label };
  return el("div", around, el("table", {}, caption, top, ...lines));
}
