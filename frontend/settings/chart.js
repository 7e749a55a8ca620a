/** Small line charts, drawn as SVG; a chart says in words what it shows. */

import { el } from "../kit/dom.js";
import { language } from "../strings.js";
import { text } from "./inside-text.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 64;
const EDGE = 3;
const DAY_MS = 86_400_000;

/** @type {(tag: string, attributes: Record<string, string>) => SVGElement} */
function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * Draw values over time, from none up to the greatest; values that are missing leave a gap.
 * @type {(title: string, points: { at_ms: number, value: number | null }[], shown: (value: number) => string, gap_ms: number) => HTMLElement}
 */
export function chart(title, points, shown, gap_ms) {
  const known = points.flatMap(({ at_ms, value }) => (value === null ? [] : [{ at_ms, value }]));
  const values = known.map(({ value }) => value);
  const last = values.at(-1);
  const head = el("figcaption", {}, title, " ");
  if (last === undefined) return el("figure", { class: "chart" }, head, el("p", {}, "–"));
  const most = Math.max(...values);
  const told = text.range(shown(Math.min(...values)), shown(most), shown(last));
  const svg = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${title}: ${told}`,
  });
  svg.append(
    drawn("path", { class: "ground", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    drawn("path", { class: "line", d: path(known, most, gap_ms) }),
  );
  head.append(el("strong", {}, shown(last)));
  const moments = momentsOf(known.map(({ at_ms }) => at_ms));
  const [from, to] = known.length > 1 ? moments : [];
  const bounds = el(
    "p",
    { class: "muted bounds", "aria-hidden": "true" },
    ...[from ?? "", `0 – ${shown(most)}`, to ?? ""].map((one) => el("span", {}, one)),
  );
  return el("figure", { class: "chart" }, head, svg, bounds);
}

/** @type {(at_ms: number[]) => string[]} say when a line begins and ends: the time of day, or the day of a long one */
function momentsOf(at_ms) {
  const ends = [at_ms[0] ?? 0, at_ms.at(-1) ?? 0];
  const isLong = Math.max(...ends) - Math.min(...ends) > DAY_MS;
  /** @type {Intl.DateTimeFormatOptions} */
  const form = isLong ? { day: "numeric", month: "numeric" } : { timeStyle: "short" };
  return ends.map((one) => new Date(one).toLocaleString(language, form));
}

/** @type {(points: { at_ms: number, value: number }[], most: number, gap_ms: number) => string} */
function path(points, most, gap_ms) {
  const first = points[0]?.at_ms ?? 0;
  const span = Math.max(1, (points.at(-1)?.at_ms ?? 0) - first);
  let before = Number.NEGATIVE_INFINITY;
  return points
    .map(({ at_ms, value }) => {
      const x = EDGE + ((at_ms - first) / span) * (WIDTH - 2 * EDGE);
      const y = HEIGHT - EDGE - (value / (most || 1)) * (HEIGHT - 2 * EDGE);
      const step = at_ms - before > gap_ms ? "M" : "L";
      before = at_ms;
      // A point alone is a line of no length, which round ends make visible.
      return step === "M"
        ? `M${x.toFixed(1)} ${y.toFixed(1)}h0`
        : `L${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
