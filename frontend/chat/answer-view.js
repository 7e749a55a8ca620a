/**
 * Shows one answer: the trace, the text, and below it sources and how it ended.
 * Text is collected and shown once per frame, however fast it comes.
 */

import { copyButton } from "../kit/buttons.js";
import { el, outsideLink } from "../kit/dom.js";
import { named, text } from "../strings.js";
import { isWebAddress } from "../text/links.js";
import { MarkdownView } from "../text/markdown.js";
import { addressed, annotatedSources, hostOf } from "./sources.js";
import { TraceView } from "./trace-view.js";

/** @import { AnswerEvent, Citation } from "../wire/shapes.js" */

/** One answer in the conversation. */
export class AnswerView {
  #text = el("div", { class: "answer-text" });
  #foot = el("footer", { class: "answer-foot" });
  #frame = 0;
  #annotated = false;
  #onGrow;
  #trace;
  #markdown;
  /** @type {Map<number, Citation>} */
  #sources = new Map();

  /** @param {{ trace?: TraceView, onGrow?: () => void }} [parts] */
  constructor({ trace = new TraceView(), onGrow = () => undefined } = {}) {
    this.#trace = trace;
    this.#onGrow = onGrow;
    this.#markdown = new MarkdownView(this.#text, this.#sources);
    const title = el("h2", { class: "visually-hidden" }, text.name);
    const parts = [title, trace.element, this.#text, this.#foot];
    this.element = el("article", { class: "answer" }, ...parts);
  }

  /** Whether text came whose sources are known only from the tools, not from the server's end. */
  get lacksAnnotations() {
    return this.#sources.size > 0 && !this.#annotated;
  }

  /** Say that the answer is being worked on. */
  begin() {
    this.#trace.setWorking(true);
  }

  /**
   * Take an event of the answer.
   * @param {AnswerEvent} event
   */
  handle(event) {
    if (event.kind === "content") {
      this.#trace.setWorking(false);
      this.#markdown.append(event.text);
    } else if (event.kind === "reasoning") this.#trace.think(event.text);
    else if (event.kind === "event") this.#note(event.type, event.data, event.text);
    else if (event.kind === "annotations") {
      this.#annotated = true;
      const found = annotatedSources(this.#markdown.source, event.annotations);
      this.#sources.clear();
      for (const [number, source] of found) this.#sources.set(number, source);
      this.#markdown.renderAgain();
    } else if (event.kind === "restart") this.#clear();
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  /**
   * Show the end: sources, a way to copy, and what went wrong.
   * @param {string} state how the run ended
   * @param {string} [error]
   */
  finish(state, error = "") {
    this.#trace.setWorking(false);
    this.#render();
    this.#foot.replaceChildren();
    if (this.#annotated && this.#sources.size > 0) this.#foot.append(this.#sourceList());
    const note = error || (state in text.states ? named(text.states, state) : "");
    if (note) {
      const failed = error || state === "failed";
      this.#foot.append(el("p", { class: failed ? "end-note failed" : "end-note" }, note));
    }
    if (this.#markdown.source) this.#foot.append(copyButton(() => this.#markdown.source));
    this.#onGrow();
  }

  /** @type {(type: string, data: Record<string, any>, words: string) => void} */
  #note(type, data, words) {
    if (type === "tool_result") {
      for (const one of data.citations ?? []) {
        this.#sources.set(this.#sources.size + 1, addressed(one));
      }
    }
    this.#trace.note(type, data, words);
  }

  #clear() {
    this.#sources.clear();
    this.#trace.clear();
    this.#markdown.clear();
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#markdown.render();
    this.#onGrow();
  }

  #sourceList() {
    const items = [...this.#sources].map(([number, { title, url = "" }]) => {
      const words = [
        el("span", { class: "cite" }, String(number)),
        el("span", { class: "source-title" }, title),
        el("span", { class: "source-host" }, hostOf(url)),
      ];
      const link = isWebAddress(url) ? outsideLink(url, {}, ...words) : el("span", {}, ...words);
      return el("li", {}, link);
    });
    return el("ol", { class: "sources", "aria-label": text.sources }, ...items);
  }
}
