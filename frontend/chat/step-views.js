/** Shows the steps of the work: plans that are ticked off, and tool calls with their results. */

import { artifactElement } from "../files/artifact.js";
import { el, outsideLink } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { named, text } from "../strings.js";
import { gridElement } from "../text/elements.js";
import { isWebAddress } from "../text/links.js";
import { addressed } from "./known.js";
import { told } from "./run-words.js";
import { argumentLines, briefOf, shownValue } from "./trace-facts.js";

/** One round of a plan. */
export class PlanView {
  /** @type {Map<string, { item: HTMLElement, state: HTMLElement }>} */
  #steps = new Map();

  /**
   * @param {number} round
   * @param {Step[]} steps
   */
  constructor(round, steps) {
    const items = steps.map(({ id, purpose, tool = "" }) => {
      const state = el("span", { class: "step-state" });
      const words = el("span", {}, purpose, " ", el("code", {}, tool));
      const item = el("li", {}, state, words);
      this.#steps.set(id, { item, state });
      return item;
    });
    const title = el("p", { class: "tool-part" }, round > 1 ? told.planAgain(round) : text.plan);
    this.element = el("section", { class: "plan" }, title, el("ol", {}, ...items));
    for (const id of this.#steps.keys()) this.mark(id, "waiting");
  }

  /**
   * Show the state of a step; one of another round is left alone.
   * @param {string} id
   * @param {string} state waiting, running, ok or failed
   */
  mark(id, state) {
    const step = this.#steps.get(id);
    if (!step) return;
    const word = named(told.stepStates, state);
    step.item.dataset.state = state;
    const sign = state === "ok" ? [icon("check")] : state === "failed" ? [icon("close")] : [];
    step.state.replaceChildren(...sign, el("span", { class: "visually-hidden" }, `${word}: `));
  }
}

const MOST_ROWS = 50;
const MOST_COLUMNS = 20;
const MOST_CELL_CHARS = 300;

/** One tool call in the trace. */
export class ToolView {
  #state = el("span", { class: "tool-state" });
  #body = el("div", { class: "tool-body" });

  /**
   * @param {string} tool
   * @param {Record<string, unknown>} given its arguments
   */
  constructor(tool, given) {
    const lines = argumentLines(given);
    const name = el("code", { class: "tool-name" }, tool);
    const hint = el("span", { class: "tool-brief" }, briefOf(given));
    const summary = el("summary", {}, icon("chevron"), name, hint, this.#state);
    if (lines) this.#body.append(...part(text.input, lines));
    this.element = el("details", { class: "tool", "data-state": "running" }, summary, this.#body);
  }

  /** @type {(result: Record<string, any>) => void} show how the call went */
  finish({ outcome, duration_ms, text: said, citations = [], artifacts = [], data }) {
    const passed = outcome === "ok";
    this.element.dataset.state = passed ? "ok" : "failed";
    const took = text.seconds(Number(duration_ms) || 0);
    const words = passed ? took : `${named(told.outcomes, String(outcome))} · ${took}`;
    this.#state.replaceChildren(icon(passed ? "check" : "close"), words);
    const table = dataTable(data ?? {});
    if (table) this.#body.append(...table);
    else if (said) this.#body.append(...part(text.result, String(said)));
    this.#body.append(...artifacts.map(artifactElement));
    if (citations.length > 0) this.#body.append(citationList(citations));
  }
}

/**
 * Make a title and a text under it.
 * @param {string} title
 * @param {string} shown
 */
export function part(title, shown) {
  return [el("p", { class: "tool-part" }, title), el("pre", { tabindex: "0" }, shown)];
}

/**
 * Make a table of the rows of a result; null when it has none.
 * @param {{ columns?: unknown, rows?: unknown }} data
 */
function dataTable({ columns, rows }) {
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  const head = columns.slice(0, MOST_COLUMNS).map((one) => [String(one?.name ?? one)]);
  const cells = rows.slice(0, MOST_ROWS).map((row) =>
    head.map(([name = ""], at) => {
      const value = Array.isArray(row) ? row[at] : row?.[name];
      return [shownValue(value ?? "").slice(0, MOST_CELL_CHARS)];
    }),
  );
  const size = text.tableSize(rows.length, columns.length);
  return [el("p", { class: "tool-part" }, size), gridElement(head, cells)];
}

/** @param {Citation[]} citations */
function citationList(citations) {
  const items = citations.map((one) => {
    const { title, url = "" } = addressed(one);
    return el("li", {}, isWebAddress(url) ? outsideLink(url, {}, title) : title);
  });
  return el("ul", { class: "tool-sources" }, ...items);
}
