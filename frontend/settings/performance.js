/** How the server is: now, and over time, as charts and as numbers. */

import { sizeOf } from "../files/artifact.js";
import { el, styled } from "../kit/dom.js";
import { language } from "../strings.js";
import { chart } from "./chart.js";
import { choice, field, refusal } from "./controls.js";
import { text } from "./inside-text.js";

const EVERY_MS = 15_000;
const MINUTE_MS = 60_000;
const MISSED = 2.5; // so many minutes without a value are a gap
const MOST_ROWS = 60;

const number = (/** @type {number} */ value) =>
  value.toLocaleString(language, { maximumFractionDigits: value < 10 ? 2 : 0 });
const seconds = (/** @type {number | null} */ value) =>
  value === null ? "–" : `${number(value)} s`;
const clock = (/** @type {number} */ at_ms) =>
  new Date(at_ms).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });

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
  const own = [...samples.filter(({ server }) => server === now.server), now];
  const over = (/** @type {(one: PerformanceSample) => number} */ of) =>
    own.map((one) => ({ at_ms: one.at_ms, value: of(one) }));
  const gap = MISSED * MINUTE_MS;
  const { series } = text;
  const charts = el(
    "div",
    { class: "charts" },
    chart(
      series.cpu,
      over((one) => one.cpu),
      number,
      gap,
    ),
    chart(
      series.memory,
      over((one) => one.memory_bytes),
      sizeOf,
      gap,
    ),
    chart(
      series.disk,
      over((one) => one.disk_free_bytes),
      sizeOf,
      gap,
    ),
    chart(
      series.runs,
      over((one) => one.active_runs),
      number,
      gap,
    ),
    chart(
      series.queue,
      over((one) => one.queue),
      number,
      gap,
    ),
  );
  return [
    charts,
    el("p", { class: "muted" }, text.everyMinute),
    numbers(own, wasOpen),
    ...ofModels(models),
  ];
}

/** @type {(samples: PerformanceSample[], wasOpen: boolean) => HTMLElement} */
function numbers(samples, wasOpen) {
  const { series } = text;
  const head = [text.time, series.cpu, series.memory, series.disk, series.runs, series.queue];
  const rows = samples
    .slice(-MOST_ROWS)
    .reverse()
    .map((one) => [
      clock(one.at_ms),
      number(one.cpu),
      sizeOf(one.memory_bytes),
      text.of(sizeOf(one.disk_free_bytes), sizeOf(one.disk_bytes)),
      number(one.active_runs),
      number(one.queue),
    ]);
  return el(
    "details",
    { open: wasOpen },
    el("summary", {}, text.numbers),
    table(text.numbers, head, rows),
  );
}

/** @type {(models: ModelSample[]) => HTMLElement[]} */
function ofModels(models) {
  const names = [...new Set(models.map(({ model }) => model))];
  if (!names.length) return [el("p", { class: "muted" }, text.noModels)];
  return names.flatMap((name) => {
    const mine = models.filter(({ model }) => model === name);
    const gap = 24 * 60 * MINUTE_MS; // a model that nobody asked is not missing
    const first = mine.map((one) => ({ at_ms: one.at_ms, value: one.first_token_p50_s }));
    const speed = mine.map((one) => ({ at_ms: one.at_ms, value: one.tokens_per_s_p50 }));
    const rows = mine
      .slice(-MOST_ROWS)
      .reverse()
      .map((one) => [
        clock(one.at_ms),
        number(one.calls),
        number(one.failed),
        seconds(one.first_token_p50_s),
        seconds(one.first_token_p95_s),
        one.tokens_per_s_p50 === null ? "–" : number(one.tokens_per_s_p50),
      ]);
    return [
      el("h3", {}, name),
      el(
        "div",
        { class: "charts" },
        chart(text.series.first, first, seconds, gap),
        chart(text.series.speed, speed, number, gap),
      ),
      table(name, [text.time, ...text.columns], rows),
    ];
  });
}

/** @type {(label: string, head: string[], rows: string[][]) => HTMLElement} */
function table(label, head, rows) {
  const top = el("tr", {}, ...head.map((one) => el("th", { scope: "col" }, one)));
  const lines = rows.map(([first = "", ...rest]) =>
    el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((one) => el("td", {}, one))),
  );
  const made = el("table", {}, el("caption", { class: "visually-hidden" }, label), top, ...lines);
  return el("div", { class: "wide", role: "region", tabindex: "0", "aria-label": label }, made);
}
