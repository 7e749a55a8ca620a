/**
 * Shows one answer: the trace, the text, and below it sources and how it ended.
 * Text is collected and shown once per frame, however fast it comes.
 */

import { el } from "../kit/dom.js";
import { Pace } from "../kit/pace.js";
import { named, text } from "../strings.js";
import { Approvals } from "./approval-view.js";
import { addressed, annotatedSources } from "./known.js";
import { endNote, fillAnswerBar, sourceList } from "./message-bar.js";
import { told } from "./run-words.js";
import { ToldText } from "./told-text.js";
import { TraceView } from "./trace-view.js";

/** One answer in the conversation. */
export class AnswerView {
  #text = el("div", { class: "answer-text" });
  #foot = el("footer", { class: "answer-foot" });
  #pace = new Pace(() => this.#show());
  #annotated = false;
  #known_size = 0;
  #does;
  #known;
  #trace;
  #markdown;
  #bar = el("div", { class: "message-bar" });
  #begun_ms = 0;
  state = ""; // while it goes on
  note = ""; // about an end that was not well
  /** @type {Standing} */
  place = { id: "", versions: [] };
  /** @type {Map<number, Citation>} */
  #sources = new Map();

  /**
   * @param {Known} known
   * @param {AnswerDoes} does
   * @param {string} runId "" when it is not known yet
   * @param {TraceView} trace
   */
  constructor(known, does, runId = "", trace = new TraceView()) {
    this.runId = runId;
    this.approvals = new Approvals(this, does);
    this.#known = known;
    this.#does = does;
    this.#trace = trace;
    this.#markdown = new ToldText(this.#text, { sources: this.#sources, known });
    const title = el("h2", { class: "visually-hidden" }, text.name);
    this.element = el("article", { class: "answer" }, title, trace.element);
    this.element.append(this.#text, this.approvals.element, this.#foot);
  }

  /** Whether text came whose sources are known only from the tools, not from the server's end. */
  get lacksAnnotations() {
    return this.#sources.size > 0 && !this.#annotated;
  }

  /** Whether something in the text could be shown better if more were known. */
  get lacks() {
    return this.#text.querySelector(".unlinked, .unsized") !== null;
  }

  get key() {
    return this.runId;
  }

  get source() {
    return this.#markdown.source;
  }

  /** @type {(place: Standing) => void} say where it stands among its versions */
  setPlace(place) {
    const same = String(place.versions) === String(this.place.versions);
    this.place = place;
    if (!same && this.state) fillAnswerBar(this.#bar, this, this.#does);
  }

  begin() {
    this.state = "";
    this.#begun_ms = this.runId ? 0 : performance.now(); // one that is joined began earlier
    this.#trace.setWorking(true);
    this.#foot.replaceChildren();
  }

  /** @type {(event: AnswerEvent) => void} take an event of the answer */
  handle(event) {
    if (event.kind === "content") {
      this.#trace.setWorking(false);
      this.#markdown.append(event.text);
    } else if (event.kind === "reasoning") this.#trace.think(event.text);
    else if (event.kind === "event") this.#note(event.type, event.data, event.text);
    else if (event.kind === "annotations") {
      this.#annotated = true;
      this.#known.note({ citations: event.annotations.map((one) => one.url_citation) });
      const found = annotatedSources(this.#markdown.source, event.annotations);
      this.#sources.clear();
      for (const [number, source] of found) this.#sources.set(number, source);
      this.#markdown.renderAgain();
    } else if (event.kind === "restart")
      for (const one of [this.#sources, this.#trace, this.#markdown]) one.clear();
    this.#pace.soon();
  }

  /** @type {(state: string, error?: string) => void} show the end, with sources and what can be done */
  finish(state, error = "") {
    this.state = error && state === "completed" ? "failed" : state;
    const silent = state === "completed" && !this.source ? told.saidNothing : "";
    this.note = error || (state in told.states ? named(told.states, state) : silent);
    this.#trace.setWorking(false);
    if (state === "interrupted") this.#markdown.restore();
    if (this.#begun_ms) this.#trace.took(performance.now() - this.#begun_ms);
    this.render();
    if (state !== "waiting") this.approvals.end();
    fillAnswerBar(this.#bar, this, this.#does);
    const sources = this.#annotated ? sourceList(this.#sources) : [];
    this.#foot.replaceChildren(...sources, ...endNote(this, this.#does), this.#bar);
  }

  /** @type {(type: string, data: Record<string, any>, words: string) => void} */
  #note(type, data, words) {
    if (type === "approval") this.approvals.ask(/** @type {Approval} */ (data));
    if (type === "tool_result") {
      this.#known.note(data);
      this.#does.onKnown();
      this.approvals.settle(data.call_id, data.outcome === "denied" ? "denied" : "approved");
      for (const one of data.citations ?? []) {
        this.#sources.set(this.#sources.size + 1, addressed(one));
      }
    }
    // What follows the beginning of an answer as a remark makes that one, too.
    this.#trace.note(type, data, (type === "remark" ? this.#markdown.taken() : "") + words);
  }

  /** Show at once what has come, and what has become known since. */
  render() {
    this.#pace.now();
  }

  #show() {
    const again = this.#known_size !== this.#known.size && this.lacks;
    this.#known_size = this.#known.size;
    if (again) this.#markdown.renderAgain();
    else if (!this.state) this.#markdown.render();
    if (this.state) this.#markdown.end();
  }
}
