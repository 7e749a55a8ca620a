/** The log of the server: filtered, page by page, renewed while it is looked at, and saved as a file. */

import { el, iconButton, saveAs, styled } from "../kit/dom.js";
import { language } from "../strings.js";
import { choice, field, refusal } from "./controls.js";
import { text } from "./inside-text.js";

const EVERY_MS = 3000;
const PAUSE_MS = 250; // after which what was typed is looked for
const PATH = "/api/admin/logs";
const ID = /^(req|run|user)_[\w-]+$/;
const NAMES = { req: "request_id", run: "run_id", user: "user_id" };
const DETAILS = /** @type {const} */ ([
  "logger",
  "request_id",
  "user_id",
  "run_id",
  "server",
  "trace",
]);

/** @type {Tab["open"]} */
export async function open(host, { api }) {
  await styled("inside");
  const asked = { level: "INFO", words: "" };
  const list = el("ul", { class: "log" });
  const count = el("p", { class: "muted", role: "status" });
  const more = el("button", { type: "button", hidden: true }, text.older);
  const tell = (/** @type {unknown} */ error) => count.replaceChildren(refusal(error));
  let next = "";
  const show = async (/** @type {string} */ from) => {
    const page = await api.json(`${PATH}?${query(asked, from)}`);
    const items = page.lines.map(item);
    if (from) list.append(...items);
    else renew(list, items);
    next = page.next_cursor ?? "";
    more.hidden = !next;
    count.textContent = list.children.length ? text.shown(list.children.length) : text.noLines;
  };
  const again = () => show("").catch(tell);
  const save = async () => {
    const file = await api.open(`${PATH}/export?${query(asked, "")}`);
    saveAs(await file.blob(), "steward-logs.jsonl");
  };
  more.addEventListener("click", () => show(next).catch(tell));
  await show("");
  const live = el("input", { type: "checkbox" });
  const head = el("div", { class: "log-head" }, ...filters(asked, again));
  head.append(
    el("label", { class: "live" }, live, text.live),
    iconButton("download", text.exportLines, () => save().catch(tell)),
  );
  host.append(head, count, list, more);
  const timer = setInterval(() => {
    if (!list.isConnected) clearInterval(timer);
    // Who reads a line is not disturbed.
    else if (live.checked && !document.hidden && !list.querySelector("[open]")) again();
  }, EVERY_MS);
}

/** @type {(asked: { level: string, words: string }, again: () => void) => HTMLElement[]} */
function filters(asked, again) {
  const level = choice(text.levels, asked.level, (value) => {
    asked.level = value;
    again();
  });
  const words = el("input", { type: "search", maxlength: "200", autocomplete: "off" });
  let pause = 0;
  words.addEventListener("input", () => {
    clearTimeout(pause);
    pause = window.setTimeout(() => {
      asked.words = words.value.trim();
      again();
    }, PAUSE_MS);
  });
  return [field(text.level, level), field(text.words, words)];
}

/** @type {(asked: { level: string, words: string }, cursor: string) => URLSearchParams} an id is looked for as one */
function query({ level, words }, cursor) {
  const id = ID.exec(words)?.[1];
  const name = id ? NAMES[/** @type {keyof typeof NAMES} */ (id)] : "text";
  return new URLSearchParams({ level, ...(words && { [name]: words }), ...(cursor && { cursor }) });
}

/** @type {(list: HTMLElement, items: HTMLElement[]) => void} keep what is there already, with its focus */
function renew(list, items) {
  const there = new Map([...list.children].map((one) => [one.id, one]));
  list.replaceChildren(...items.map((one) => there.get(one.id) ?? one));
}

/** @param {LogLine} line */
function item(line) {
  const moment = new Date(line.at_ms);
  const at = el(
    "time",
    { datetime: moment.toISOString() },
    moment.toLocaleString(language, { dateStyle: "short", timeStyle: "medium" }),
  );
  const level = el("span", { class: "level" }, line.level);
  const facts = DETAILS.filter((name) => line[name]).flatMap((name) => [
    el("dt", {}, text.details[name]),
    el("dd", {}, name === "trace" ? el("pre", { tabindex: "0" }, line[name]) : line[name]),
  ]);
  const summary = el("summary", {}, at, level, el("span", { class: "said" }, line.message));
  return el(
    "li",
    { id: `line-${line.server}-${line.id}`, "data-level": line.level },
    el("details", {}, summary, el("dl", {}, ...facts)),
  );
}
