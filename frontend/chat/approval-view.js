/** Asks whether a tool may do something: what, with which arguments, why, and how long there is time. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";
import { part } from "./step-views.js";
import { briefOf, shownValue } from "./trace-facts.js";

const TICK_MS = 1000;

/** The cards of one answer. */
export class Approvals {
  element = el("div");
  /** @type {Map<string, ApprovalView>} */
  #cards = new Map();
  #answer;
  #does;

  /**
   * @param {AnswerView} answer
   * @param {AnswerDoes} does
   */
  constructor(answer, does) {
    this.#answer = answer;
    this.#does = does;
  }

  /** @type {(asked: Approval) => void} shows what is asked, or what has become of it */
  ask(asked) {
    const { call_id: id, state = "" } = asked;
    if (this.#cards.has(id)) return this.settle(id, state);
    const { onAsked, onDecide } = this.#does;
    const card = new ApprovalView(asked, (how) => onDecide(this.#answer, id, how));
    this.#cards.set(id, card);
    this.element.append(card.element);
    card.settle(state);
    if (card.open) onAsked(card.element);
  }

  /** @type {(callId: string, state: string) => void} leaves alone what was not asked */
  settle(callId, state) {
    this.#cards.get(callId)?.settle(state);
  }

  /** Say that nothing is asked any more. */
  end() {
    for (const one of this.#cards.values()) one.settle("over");
  }

  /** @param {string} callId */
  isOpen(callId) {
    return this.#cards.get(callId)?.open ?? false;
  }

  /** Whether something is asked that nobody has decided. */
  get open() {
    return [...this.#cards.values()].some((one) => one.open);
  }
}

/** One card; once it is settled it says only how. */
class ApprovalView {
  #left = el("span", { class: "muted" });
  #note = el("p", { role: "status" });
  #asking;
  #brief;
  #ends_ms;
  #timer = 0;

  /**
   * @param {Approval} asked
   * @param {(decision: Decision) => Promise<void>} decide
   */
  constructor({ tool, arguments: given, reason, expires_at_ms }, decide) {
    const title = text.approval(tool);
    const values = Object.entries(given ?? {}).flatMap(([name, value]) =>
      part(visible(name), visible(shownValue(value))),
    );
    /** @type {(how: Decision, label: string, type?: string) => HTMLElement} */
    const button = (how, label, type = "") => {
      const made = el("button", { type: "button", class: type }, label);
      made.addEventListener("click", () => this.#send(decide(how)));
      return made;
    };
    const buttons = [button("deny", text.deny), button("approve", text.allow, "primary")];
    this.#asking = el(
      "div",
      {},
      el("div", { class: "tool-body" }, el("p", {}, visible(reason)), ...values),
      el("div", { class: "dialog-buttons" }, this.#left, ...buttons),
    );
    const attributes = { class: "approval", tabindex: "-1", "aria-label": title };
    this.element = el("section", attributes, el("h3", {}, title), this.#asking, this.#note);
    this.#brief = el("span", { class: "tool-brief" }, visible(briefOf(given ?? {})));
    this.#ends_ms = expires_at_ms;
    // Whether it had expired before only the server knows: clocks differ.
    if (this.#left_ms > 0) this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** Whether it has not been decided. */
  get open() {
    return !this.#asking.hidden;
  }

  /**
   * Say how it was decided, and what it was; a word that decides nothing leaves the card open.
   * @param {string} state approved, denied, expired, or over for a run that asks no more
   */
  settle(state) {
    const words = /** @type {Record<string, string>} */ (text.approvalStates)[state];
    if (!words || !this.open) return;
    clearInterval(this.#timer);
    if (this.element.contains(document.activeElement)) this.element.focus();
    this.#asking.hidden = true;
    this.#asking.after(this.#brief);
    this.#note.textContent = words;
  }

  /** @param {Promise<void>} sent */
  async #send(sent) {
    this.element.focus(); // what is inert cannot keep it
    this.#asking.inert = true;
    await sent.catch((error) => {
      if (this.open) this.#note.textContent = wordsOf(error);
    });
    this.#asking.inert = false;
  }

  get #left_ms() {
    return this.#ends_ms - Date.now();
  }

  #tick() {
    const left_ms = this.#left_ms;
    if (left_ms > 0) this.#left.textContent = text.timeLeft(Math.ceil(left_ms / 1000));
    else if (this.#timer) this.settle("expired");
    if (this.element.parentNode && !this.element.isConnected) clearInterval(this.#timer);
  }
}

/**
 * Write out what would be invisible or turn the order of letters, so that nothing is hidden.
 * @param {string} words
 */
export const visible = (words) =>
  words.replace(
    /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`,
  );
