/** How the server is: now, and over time, as charts and as numbers. */

import { sizeOf } from "../files/artifact.js";
import { el, styled } from "../kit/dom.js";
import { language } from "../strings.js";
import { chart } from "./chart.js";
import { choice, field, refusal } from "./controls.js";
import { text } from "./inside-text.js";
import { table } from "./wide-table.js";

const EVERY_MS = 15_000;
const MISSED_MS = 150_000; // so long without a value is a gap
const DAY_MS = 86_400_000; // a model that nobody asked for an hour is not missing
const MOST_ROWS = 60;
const NONE = "–";

const number = (/** @type {number} */ value) =>
  value.toLocaleString(language, { maximumFractionDigits: value < 10 ? 2 : 0 });
const seconds = (/** @type {number | null} */ value) =>
  value === null ? NONE : `${number(value)} s`;
const clock = (/** @type {number} */ at_ms) =>
  new Date(at_ms).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });

/** @template T @param {T[]} list */
const newest = (list) => list.slice(-MOST_ROWS).reverse();

/** @type {Tab["open"]} */
export async function open(host, { api }) {
  await styled("inside");
  const shown = el("div", { class: "performance" });
  let span = "60";
  const show = async () => {
    const told = await api.json(`/api/admin/performance?minutes=${span}`);
    const wasOpen = Boolean(shown.querySelector("details[open]"));
    shown.replaceChildren(...parts(told, wasOpen));
  };
  const again = () => show().catch((error) => shown.replaceChildren(refusal(error)));
  const timer = setInterval(() => {
    if (!shown.isConnected) clearInterval(timer);
    else if (!document.hidden && !shown.contains(document.activeElement)) again();
  }, EVERY_MS);
  await show();
  const spans = choice(text.spans, span, (value) => {
    span = value;
    again();
  });
  host.append(field(text.span, spans), shown);
}

/** @type {(told: PerformanceOut, wasOpen: boolean) => HTMLElement[]} */
function parts({ now, samples, models }, wasOpen) {
  const own = lineage(samples, now);
  const note = el("p", { class: "muted" }, text.everyMinute);
  return [charts(own), note, numbers(own, wasOpen), ...ofModels(models)];
}

/**
 * Give the samples of this server, and before them those of the one that ran before it, and so on.
 * @type {(samples: PerformanceSample[], now: PerformanceSample) => PerformanceSample[]}
 */
function lineage(samples, now) {
  const line = [now];
  let server = now.server;
  for (const one of samples.toReversed()) {
    const seen = samples.find((other) => other.server === server);
    if (!seen || one.at_ms < seen.at_ms) server = one.server;
    if (one.server === server) line.unshift(one);
  }
  return line;
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

/** @type {(samples: PerformanceSample[], wasOpen: boolean) => HTMLElement} */
function numbers(samples, wasOpen) {
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
  return el("details", { open: wasOpen }, summary, table(text.numbers, head, rows));
}

/** @type {(models: ModelSample[]) => HTMLElement[]} */
function ofModels(models) {
  const names = [...new Set(models.map(({ model }) => model))];
  if (!names.length) return [el("p", { class: "muted" }, text.noModels)];
  return names.flatMap((name) =>
    ofModel(
      name,
      models.filter(({ model }) => model === name),
    ),
  );
}

/** @type {(name: string, mine: ModelSample[]) => HTMLElement[]} */
function ofModel(name, mine) {
  const first = mine.map((one) => ({ at_ms: one.at_ms, value: one.first_token_p50_s }));
  const speed = mine.map((one) => ({ at_ms: one.at_ms, value: one.tokens_per_s_p50 }));
  const rows = newest(mine).map((one) => [
    clock(one.at_ms),
    number(one.calls),
    number(one.failed),
    seconds(one.first_token_p50_s),
    seconds(one.first_token_p95_s),
    one.tokens_per_s_p50 === null ? NONE : number(one.tokens_per_s_p50),
  ]);
  const drawn = [
    chart(text.series.first, first, seconds, DAY_MS),
    chart(text.series.speed, speed, number, DAY_MS),
  ];
  const numbers = table(name, [text.time, ...text.columns], rows);
  return [el("h3", {}, name), el("div", { class: "charts" }, ...drawn), numbers];
}
