/** The choices beside the message box: which model, and how it is to work. */

import { byId, el } from "../kit/dom.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";

const BUILTIN = "builtin";

/** Chooses model and mode, and remembers both. */
export class Pickers {
  #model = byId("model", HTMLSelectElement);
  #mode = byId("mode", HTMLSelectElement);
  /** @type {string[]} */
  #seeing = [];

  constructor() {
    for (const mode of /** @type {const} */ (["auto", "chat", "react", "plan"])) {
      const title = text.modeHints[mode];
      this.#mode.append(el("option", { value: mode, title }, text.modes[mode]));
    }
    choose(this.#mode, readPref("mode"));
    this.#mode.addEventListener("change", () => writePref("mode", this.mode));
    this.#model.addEventListener("change", () => writePref("model", this.model));
  }

  get model() {
    return this.#model.value;
  }

  /** Whether the model sees pictures. */
  get sees() {
    return this.#seeing.includes(this.model);
  }

  get mode() {
    return this.#mode.value;
  }

  /**
   * Offer these models; the last choice stays, otherwise one that needs a model server is preferred.
   * @param {readonly ListedModel[]} models
   * @returns {boolean} whether there is any model besides the builtin one
   */
  offer(models) {
    const names = models.map((one) => one.id);
    this.#seeing = models
      .filter((one) => one.x_capabilities.includes("vision"))
      .map((one) => one.id);
    this.#model.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
    const real = names.find((name) => name !== BUILTIN);
    choose(this.#model, real ?? "");
    choose(this.#model, readPref("model"));
    return real !== undefined;
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} value
 */
function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}
