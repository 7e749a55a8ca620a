/** How models answered over time, as charts and as numbers, and how numbers are written there. */

import { el } from "../kit/dom.js";
import { language } from "../strings.js";
import { chart } from "./chart.js";
import { text } from "./inside-text.js";
import { table } from "./wide-table.js";

const DAY_MS = 86_400_000; // a model that nobody asked for an hour is not missing
const MOST_ROWS = 60;
const NONE = "–";

export const number = (/** @type {number} */ value) =>
  value.toLocaleString(language, { maximumFractionDigits: value < 10 ? 2 : 0 });
const seconds = (/** @type {number | null} */ value) =>
  value === null ? NONE : `${number(value)} s`;
export const clock = (/** @type {number} */ at_ms) =>
  new Date(at_ms).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });

/** @template T @param {T[]} list */
export const newest = (list) => list.slice(-MOST_ROWS).reverse();

/** @type {(models: ModelSample[]) => HTMLElement[]} */
export function ofModels(models) {
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
