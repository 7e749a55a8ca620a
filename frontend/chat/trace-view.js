/**
 * Shows the work above an answer: one line that says what happens, and behind it thoughts, plan and
 * tool calls. It is open while there is only work to see and closes when the answer begins, unless
 * the reader has chosen otherwise.
 */

import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";
import { told } from "./run-words.js";
import { PlanView, ToolView } from "./step-views.js";
import { noticeOf, TraceFacts } from "./trace-facts.js";

/** The trace of one answer. */
export class TraceView {
  #label = el("span", { class: "trace-label" });
  #amount = el("span", { class: "trace-amount" });
  #body = el("div", { class: "trace-body" });
  #facts = new TraceFacts();
  #always;
  #opensItself = true;
  #working = false;
  /** @type {Text | null} */
  #thought = null;
  /** @type {PlanView[]} */
  #plans = [];
  /** @type {Map<string, ToolView>} */
  #tools = new Map();
  #earlier = this.#tools;

  /** @param {{ always?: boolean }} [options] `always` shows it even before anything is in it */
  constructor({ always = false } = {}) {
    this.#always = always;
    const summary = el("summary", {}, icon("chevron"), this.#label, this.#amount);
    summary.addEventListener("click", () => {
      this.#opensItself = false;
    });
    this.element = el("details", { class: "trace" }, summary, this.#body);
    this.#update();
  }

  /** Forget everything but which calls are open, to be told again. */
  clear() {
    this.#body.replaceChildren();
    this.#facts = new TraceFacts();
    this.#thought = null;
    this.#plans = [];
    this.#earlier = this.#tools;
    this.#tools = new Map();
    this.#update();
  }

  /**
   * Say whether the agent is at work; the first end of work closes the trace.
   * @param {boolean} working
   */
  setWorking(working) {
    if (this.#working === working) return;
    if (!working && this.#opensItself) {
      this.element.open = false;
      this.#opensItself = false;
    }
    this.#working = working;
    this.#update();
  }

  /** @type {(duration_ms: number | null | undefined) => void} say how long it all took, if that is known */
  took(duration_ms) {
    this.#facts.took_ms = duration_ms ?? 0;
    this.#update();
  }

  /** @type {(run: Run) => void} say what was done in a run, without showing it */
  summarise({ trace, duration_ms }) {
    if (this.#body.hasChildNodes()) return;
    this.#facts = new TraceFacts();
    for (const { type, data } of trace.events ?? []) if (type) this.#facts.note(type, data ?? {});
    this.took(duration_ms);
  }

  /** @type {(piece: string) => void} add what the model thought */
  think(piece) {
    if (!this.#thought) {
      if (!piece.trim()) return;
      this.#facts.note("thought", {});
      this.#thought = document.createTextNode("");
      this.#add(el("p", { class: "thought" }, this.#thought));
    }
    this.#thought.appendData(this.#thought.length === 0 ? piece.trimStart() : piece);
  }

  /**
   * Add a structured step; one of an unknown type shows its text.
   * @type {(type: string, data: Record<string, any>, words: string) => void}
   */
  note(type, data, words) {
    this.#facts.note(type, data);
    const show = this.#shows[type];
    if (show) show(data);
    else this.#addNote(noticeOf(data) || words.trim());
    this.#update();
  }

  /** @type {Record<string, ((data: any) => void) | undefined>} */
  #shows = {
    route: ({ reason, confidence }) => {
      const sure = confidence < 1 ? [text.confidence(confidence)] : [];
      this.#addNote([reason, ...sure].filter(Boolean).join(" · "));
    },
    plan: ({ round, steps }) => {
      const plan = new PlanView(round, steps ?? []);
      this.#plans.push(plan);
      this.#add(plan.element);
    },
    step: ({ id, state }) => {
      for (const plan of this.#plans) plan.mark(id, state);
    },
    queued: () => undefined, // the one line says it
    approval: ({ tool }) => this.#addNote(text.approval(tool)),
    tool_call: ({ call_id, tool, arguments: given }) => {
      const view = new ToolView(tool, given ?? {});
      view.element.open = this.#earlier.get(call_id)?.element.open ?? false;
      this.#tools.set(call_id, view);
      this.#add(view.element);
    },
    tool_result: (result) => this.#tools.get(result.call_id)?.finish(result),
    verdict: ({ passed, missing }) =>
      this.#addNote(passed ? told.verdictPassed : told.verdictMissing(missing ?? [])),
  };

  /** @param {string} words */
  #addNote(words) {
    if (words) this.#add(el("p", { class: "trace-note" }, words));
  }

  /** @param {HTMLElement} element */
  #add(element) {
    if (!element.classList.contains("thought")) this.#thought = null;
    this.#body.append(element);
    if (this.#working && this.#opensItself) this.element.open = true;
    this.#update();
  }

  #update() {
    this.element.hidden = !this.#always && !this.#working && !this.#body.hasChildNodes();
    this.element.classList.toggle("working", this.#working);
    this.#label.textContent = this.#working ? this.#facts.now : this.#facts.done;
    this.#amount.textContent = this.#facts.amount;
  }
}
