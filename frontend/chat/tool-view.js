/** Shows one tool call: its name, how it went, and on request what went in and came out. */

import { el, outsideLink } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { named, text } from "../strings.js";
import { isWebAddress } from "../text/links.js";
import { addressed } from "./sources.js";
import { argumentLines } from "./trace-facts.js";

/** @import { Citation } from "../wire/shapes.js" */

const SHOWN_CHARS = 80;

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
    const brief = lines.replace(/\s+/g, " ").slice(0, SHOWN_CHARS);
    const name = el("code", { class: "tool-name" }, tool);
    const hint = el("span", { class: "tool-brief" }, brief);
    const summary = el("summary", {}, icon("chevron"), name, hint, this.#state);
    if (lines) this.#body.append(...part(text.input, lines));
    this.element = el("details", { class: "tool", "data-state": "running" }, summary, this.#body);
  }

  /**
   * Show how the call went.
   * @param {Record<string, any>} result
   */
  finish({ outcome, duration_ms, text: said, citations = [] }) {
    const passed = outcome === "ok";
    this.element.dataset.state = passed ? "ok" : "failed";
    const took = text.seconds(Number(duration_ms) || 0);
    const words = passed ? took : `${named(text.outcomes, String(outcome))} · ${took}`;
    this.#state.replaceChildren(icon(passed ? "check" : "close"), words);
    if (said) this.#body.append(...part(text.result, String(said)));
    if (citations.length > 0) this.#body.append(citationList(citations));
  }
}

/**
 * @param {string} title
 * @param {string} shown
 */
function part(title, shown) {
  return [el("p", { class: "tool-part" }, title), el("pre", { tabindex: "0" }, shown)];
}

/** @param {Citation[]} citations */
function citationList(citations) {
  const items = citations.map((one) => {
    const { title, url = "" } = addressed(one);
    return el("li", {}, isWebAddress(url) ? outsideLink(url, {}, title) : title);
  });
  return el("ul", { class: "tool-sources" }, ...items);
}
