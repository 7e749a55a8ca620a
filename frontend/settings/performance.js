/** How the server is: now, and over time, as charts and as numbers. */

import { sizeOf } from "../files/artifact.js";
import { el, styled } from "../kit/dom.js";
import { chart } from "./chart.js";
import { choice, field, refusal } from "./controls.js";
import { text } from "./inside-text.js";
import { lanes } from "./lanes.js";
import { shortServer } from "./log-filter.js";
import { clock, newest, number, ofModels } from "./model-charts.js";
import { table } from "./wide-table.js";

const EVERY_MS = 15_000;
const MISSED_MS = 150_000; // so long without a value is a gap

/** @type {Tab["open"]} */
export async function open(host, { api }) {
  await styled("inside");
  const shown = el("div", { class: "performance" });
  const fault = el("div", { hidden: true });
  const servers = el("div", { hidden: true });
  let span = "60";
  let server = "";
  let asked = 0;
  const show = async () => {
    const mine = ++asked;
    const told = await api.json(`/api/admin/performance?minutes=${span}`);
    if (mine !== asked) return;
    fault.hidden = true;
    const found = lanes(told);
    const lane = found.find(({ ids }) => ids.has(server || told.now.server)) ?? found[0];
    server = lane?.name ?? "";
    choices(servers, found, server, (value) => {
      server = value;
      again();
    });
    renew(shown, parts(lane, told.models));
  };
  const again = () =>
    show().catch((error) => {
      fault.replaceChildren(refusal(error));
      fault.hidden = false;
    });
  const timer = setInterval(() => {
    if (!shown.isConnected) clearInterval(timer);
    else if (!document.hidden && !isRead(shown)) again();
  }, EVERY_MS);
  await show();
  const spans = choice(text.spans, span, (value) => {
    span = value;
    again();
  });
  const head = el("div", { class: "log-head" }, field(text.span, spans), servers);
  host.append(head, fault, shown);
}

/** @param {HTMLElement} shown whether somebody is in the middle of reading it */
function isRead(shown) {
  const marked = getSelection();
  const marks = marked && !marked.isCollapsed && shown.contains(marked.anchorNode);
  return marks || shown.contains(document.activeElement);
}

/** @type {(shown: HTMLElement, parts: HTMLElement[]) => void} what was opened or moved stays so */
function renew(shown, parts) {
  const wasOpen = Boolean(shown.querySelector("details[open]"));
  const moved = [...shown.querySelectorAll(".wide")].map(({ scrollLeft }) => scrollLeft);
  shown.replaceChildren(...parts);
  for (const one of shown.querySelectorAll("details")) one.open = wasOpen;
  for (const [at, one] of shown.querySelectorAll(".wide").entries())
    one.scrollLeft = moved[at] ?? 0;
}

/** @type {(host: HTMLElement, found: Lane[], server: string, onChange: (server: string) => void) => void} */
function choices(host, found, server, onChange) {
  const names = found.map(({ name }) => name);
  host.hidden = names.length < 2;
  if (host.dataset.names === String(names)) return;
  host.dataset.names = String(names);
  const options = Object.fromEntries(names.map((name) => [name, shortServer(name)]));
  host.replaceChildren(field(text.details.server, choice(options, server, onChange)));
}

/** @type {(lane: Lane | undefined, models: ModelSample[]) => HTMLElement[]} */
function parts(lane, models) {
  const own = lane?.samples ?? [];
  const note = el("p", { class: "muted" }, text.everyMinute);
  const answered = models.filter((one) => lane?.ids.has(one.server));
  return [charts(own), note, numbers(own), ...ofModels(answered)];
}

/** @param {PerformanceSample[]} own */
function charts(own) {
  const { series } = text;
  /** @type {[string, (one: PerformanceSample) => number, (value: number) => string][]} */
  const drawn = [
    [series.cpu, (one) => one.cpu, number],
    [series.memory, (one) => one.memory_bytes, sizeOf],
    [series.disk, (one) => one.disk_free_bytes, sizeOf],
    [series.runs, (one) => one.active_runs, number],
    [series.queue, (one) => one.queue, number],
  ];
  const made = drawn.map(([title, of, shown]) => {
    const points = own.map((one) => ({ at_ms: one.at_ms, value: of(one) }));
    return chart(title, points, shown, MISSED_MS);
  });
  return el("div", { class: "charts" }, ...made);
}

/** @param {PerformanceSample[]} samples */
function numbers(samples) {
  const { series } = text;
  const head = [text.time, series.cpu, series.memory, series.disk, series.runs, series.queue];
  const rows = newest(samples).map((one) => [
    clock(one.at_ms),
    number(one.cpu),
    sizeOf(one.memory_bytes),
    text.of(sizeOf(one.disk_free_bytes), sizeOf(one.disk_bytes)),
    number(one.active_runs),
    number(one.queue),
  ]);
  const summary = el("summary", {}, text.numbers);
  return el("details", {}, summary, table(text.numbers, head, rows));
}
