/** What one has used: per day, per model, and what is left of the limits. */

import { sizeOf } from "../files/artifact.js";
import { el } from "../kit/dom.js";
import { language, named, text } from "../strings.js";
import { nameOf, words } from "./budget-words.js";
import { choice, dayOf, field, refusal } from "./controls.js";

/** @type {Tab} */
export const tab = {
  id: "usage",
  title: text.usage,
  open: async (host, { api }) => {
    const shown = el("div", { class: "usage" });
    const show = async (/** @type {string} */ span) =>
      shown.replaceChildren(...told(await api.json(`/api/usage?days=${span}`)));
    const change = (/** @type {string} */ span) =>
      show(span).catch((error) => shown.replaceChildren(refusal(error)));
    await show("30");
    host.append(field(text.span, choice(text.spans, "30", change)), shown);
  },
};

/** @type {(usage: UsageOut) => HTMLElement[]} */
function told({ totals, days, models, keys, limits }) {
  const dated = days.map((one) => ({ ...one, name: dayOf(Date.parse(one.day) / 1000, UTC) }));
  const named = models.map((one) => ({ ...one, name: one.model }));
  const keyed = keys.map((one) => ({
    ...one,
    name: one.key_id ? (one.name ?? `${words.goneKey} ${one.key_id}`) : words.noKey,
  }));
  const byKey = keys.some((one) => one.key_id) ? [table(words.key, keyed, totals)] : [];
  const used = totals.runs
    ? [table(text.model, named, totals), ...byKey, table(text.day, dated, totals)]
    : [el("p", { class: "muted" }, text.nothingUsed)];
  return [...used, el("h3", {}, text.limits), ...limits.map(limit)];
}

const UTC = { timeZone: "UTC" };
const number = (/** @type {number} */ value) => value.toLocaleString(language);

/** @type {(label: string, rows: NamedSums[], totals: UsageSums) => HTMLElement} */
function table(label, rows, totals) {
  const most = Math.max(...rows.map((one) => one.total_tokens));
  const line = (/** @type {UsageSums} */ row, /** @type {(string | Node)[]} */ ...name) => {
    const sums = [row.runs, row.prompt_tokens, row.completion_tokens];
    const cells = sums.map((one) => el("td", {}, number(one)));
    return el("tr", {}, el("th", { scope: "row" }, ...name), ...cells);
  };
  const head = [label, ...text.usageColumns].map((one) => el("th", { scope: "col" }, one));
  const lines = rows.map((one) => line(one, one.name, meter(one.name, one.total_tokens, most)));
  return el("table", {}, el("tr", {}, ...head), ...lines, line(totals, text.total));
}

/** @type {(label: string, value: number, max: number) => HTMLElement} */
const meter = (label, value, max) =>
  el("meter", { "aria-label": label, value: `${value}`, max: `${max || 1}` });

/** @param {UsageLimit} limit */
function limit({ name, limit: most, used, remaining, budget }) {
  const bytes = name === "file_bytes" || budget?.resource === "upload_bytes";
  const [a, b, c] = [used, most, remaining].map(bytes ? sizeOf : number);
  const label = budget ? nameOf(budget) : named(text.limitNames, name);
  return el("p", {}, label, meter(label, used, most), text.limitLeft(`${a}`, `${b}`, `${c}`));
}
