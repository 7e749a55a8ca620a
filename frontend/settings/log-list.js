/** The lines of the log as they are shown: newest first, each opening to what else is known of it. */

import { el } from "../kit/dom.js";
import { language } from "../strings.js";
import { text } from "./inside-text.js";
import { shortServer } from "./log-filter.js";

const MOST_KEPT = 1000; // while new ones come by themselves
const DETAILS = /** @type {const} */ ([
  "logger",
  "request_id",
  "user_id",
  "run_id",
  "server",
  "trace",
]);

/** The list; `next` leads to older lines, "" when there are none. */
export class LogList {
  element = el("ul", { class: "lines" });
  next = "";

  get length() {
    return this.element.children.length;
  }

  /** @type {(page: LogPage) => void} show these lines alone */
  anew = ({ lines, next_cursor }) => {
    this.element.replaceChildren(...lines.map(item));
    this.next = next_cursor ?? "";
  };

  /** @type {(page: LogPage) => void} show these below the others */
  older = ({ lines, next_cursor }) => {
    this.element.append(...lines.map(item));
    this.next = next_cursor ?? "";
  };

  /** @type {(page: LogPage) => void} show what is new of these, and leave all else as it is read */
  newer = (page) => {
    const there = new Set([...this.element.children].map(({ id }) => id));
    const fresh = page.lines.filter((one) => !there.has(idOf(one)));
    // When all is new, lines between it and what is shown may be missing.
    if (fresh.length === page.lines.length || there.size + fresh.length > MOST_KEPT) {
      return this.anew(page);
    }
    // Servers write in batches: a line may belong below others.
    for (const [at, one] of page.lines.entries()) {
      if (fresh.includes(one))
        this.element.insertBefore(item(one), this.element.children[at] ?? null);
    }
  };
}

/** @param {LogLine} line */
const idOf = (line) => `line-${line.server}-${line.id}`;

/** @param {LogLine} line */
function item(line) {
  const moment = new Date(line.at_ms);
  const exact = moment.toISOString();
  const shown = moment.toLocaleString(language, { dateStyle: "short", timeStyle: "medium" });
  const facts = DETAILS.filter((name) => line[name]).flatMap((name) => [
    el("dt", {}, text.details[name]),
    el("dd", {}, name === "trace" ? el("pre", { tabindex: "0" }, line[name]) : line[name]),
  ]);
  const summary = el(
    "summary",
    {},
    el("time", { datetime: exact }, shown),
    el("span", { class: "level" }, line.level),
    el("span", { class: "server" }, shortServer(line.server)),
    el("span", { class: "said" }, line.message),
  );
  const utc = [el("dt", {}, text.time), el("dd", {}, exact)];
  return el(
    "li",
    { id: idOf(line), "data-level": line.level },
    el("details", {}, summary, el("dl", {}, ...utc, ...facts)),
  );
}
