/** The log of the server: filtered, page by page, renewed while it is looked at, and saved as a file. */

import { el, iconButton, saveAs, styled } from "../kit/dom.js";
import { language } from "../strings.js";
import { refusal } from "./controls.js";
import { text } from "./inside-text.js";
import { LogFilter } from "./log-filter.js";
import { LogList } from "./log-list.js";

const EVERY_MS = 3000;
const PATH = "/api/admin/logs";

/** @type {Tab["open"]} */
export async function open(host, { api }) {
  await styled("inside");
  const list = new LogList();
  const count = el("p", { class: "muted", role: "status" });
  const more = el("button", { type: "button", hidden: true }, text.older);
  const refuse = (/** @type {unknown} */ error) => count.replaceChildren(refusal(error));
  const filter = new LogFilter(() => load("", list.anew));
  let asked = 0;
  let waits = false;
  /** @type {(cursor: string, put: (page: LogPage) => void) => Promise<void>} only the last one asked for counts */
  const load = async (cursor, put) => {
    const mine = ++asked;
    waits = true;
    const page = await api.json(`${PATH}?${filter.query(cursor)}`).catch((error) => {
      if (mine === asked) refuse(error);
    });
    waits &&= mine !== asked;
    if (!page || mine !== asked) return;
    filter.learn(page.lines);
    put(page);
    list.element.classList.toggle("several", filter.hasSeveral);
    more.hidden = !list.next;
    const told = list.length ? text.shown(list.length) : text.noLines;
    if (count.textContent !== told) count.textContent = told;
  };
  more.addEventListener("click", () => waits || load(list.next, list.older));
  await load("", list.anew);
  const live = el("input", { type: "checkbox" });
  const save = async () => {
    const file = await api.open(`${PATH}/export?${filter.query()}`);
    saveAs(await file.blob(), "steward-logs.jsonl");
  };
  const head = el("div", { class: "log-head" }, ...filter.fields);
  const button = iconButton("download", text.exportLines, () => save().catch(refuse));
  head.append(el("div", { class: "log-acts" }, el("label", {}, live, text.live), button));
  const zone = el("p", { class: "muted" }, text.zone(zoneName()));
  host.append(head, zone, count, list.element, more);
  const timer = setInterval(() => {
    if (!head.isConnected) clearInterval(timer);
    else if (live.checked && !document.hidden && !waits) load("", list.newer);
  }, EVERY_MS);
}

/** Name the time zone of the browser, with what it is ahead of UTC. */
function zoneName() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const parts = new Intl.DateTimeFormat(language, { timeZoneName: "shortOffset" }).formatToParts();
  const ahead = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  return ahead === timeZone ? ahead : `${timeZone}, ${ahead}`;
}
