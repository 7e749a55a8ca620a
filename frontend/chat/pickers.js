/** The choices beside the message box: which model, and how it is to work. */

import { byId, el } from "../kit/dom.js";
import { readPref, writePref } from "../kit/prefs.js";
import { named, text } from "../strings.js";

const ABILITIES = ["tools", "vision", "thinking"];

/** @type {(model: ListedModel) => boolean} whether it can answer, not only turn texts into vectors */
export const answers = (model) => model.x_capabilities.includes("completion");

/** @type {(model: ListedModel) => boolean} whether it is a language model */
export const speaks = (model) => answers(model) && !model.x_capabilities.includes("extractive");

/** Chooses model and mode, and remembers both. */
export class Pickers {
  #model = byId("model", HTMLSelectElement);
  #mode = byId("mode", HTMLSelectElement);
  #offered = "";
  #told = "";
  #wanted = readPref("model");

  constructor() {
    // Other lists show only the text of a choice, in one line.
    const drawn = CSS.supports("appearance", "base-select");
    for (const mode of /** @type {const} */ (["auto", "chat", "react", "plan"])) {
      const title = text.modeHints[mode];
      const hint = drawn ? [el("small", {}, title)] : [];
      const words = [el("span", {}, text.modes[mode]), ...hint];
      this.#mode.append(el("option", { value: mode, title }, ...words));
    }
    if (drawn) this.#mode.prepend(el("button", {}, document.createElement("selectedcontent")));
    choose(this.#mode, readPref("mode"));
    this.#mode.addEventListener("change", () => writePref("mode", this.mode));
    this.#model.addEventListener("change", () => {
      this.#wanted = this.model;
      writePref("model", this.model);
      this.#describe(false);
    });
    for (const name of ["focus", "pointerdown"]) {
      this.#model.addEventListener(name, () => this.#describe(true));
    }
    this.#model.addEventListener("blur", () => this.#describe(false));
  }

  /** Whether the model sees pictures. */
  get sees() {
    return JSON.parse(this.#offered || "[]").some(
      (/** @type {ListedModel} */ one) =>
        one.id === this.model && one.x_capabilities.includes("vision"),
    );
  }

  /** The chosen model; before any was offered, what the person chose last or the server's own choice. */
  get model() {
    return this.#model.value || this.#wanted || "default";
  }

  get mode() {
    return this.#mode.value;
  }

  /** @type {(look: () => void) => void} told when somebody is about to choose a model */
  onChoosing(look) {
    this.#model.addEventListener("focus", look);
  }

  /**
   * Offer these models; the last choice stays, otherwise a language model is preferred.
   * @param {ListedModel[]} models
   * @returns {string} the remembered model when it is newly missing, else ""
   */
  offer(models) {
    const listed = models.filter(answers);
    const offered = JSON.stringify(listed);
    if (offered !== this.#offered) {
      this.#offered = offered;
      this.#model.replaceChildren(...listed.map(option));
      choose(this.#model, listed.find(speaks)?.id ?? "");
      choose(this.#model, this.#wanted);
      this.#describe(document.activeElement === this.#model);
    }
    const missing = this.#wanted === this.model ? "" : this.#wanted;
    const told = this.#told;
    this.#told = missing;
    return missing === told ? "" : missing;
  }

  /** @param {boolean} open whether the chosen one, too, says what it can; closed, its name needs the room */
  #describe(open) {
    for (const one of this.#model.options) {
      const full = [one.value, one.dataset.able].filter(Boolean).join(" · ");
      one.text = open || !one.selected ? full : one.value;
      if (one.selected) this.#model.title = full;
    }
  }
}

/** @param {ListedModel} model */
function option({ id, x_capabilities }) {
  const able = ABILITIES.filter((one) => x_capabilities.includes(one));
  return el("option", {
    value: id,
    "data-able": able.map((one) => named(text.abilities, one)).join(", "),
  });
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} value
 */
function choose(select, value) {
  if ([...select.options].some((one) => one.value === value)) select.value = value;
}
