/** Shows a plan whose steps are ticked off as they are done. */

import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { named, text } from "../strings.js";

/** @typedef {{ id: string, purpose: string, tool?: string }} Step */

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
    const title = el("p", { class: "tool-part" }, round > 1 ? text.planAgain(round) : text.plan);
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
    const word = named(text.stepStates, state);
    step.item.dataset.state = state;
    const sign = state === "ok" ? [icon("check")] : state === "failed" ? [icon("close")] : [];
    step.state.replaceChildren(...sign, el("span", { class: "visually-hidden" }, `${word}: `));
  }
}
