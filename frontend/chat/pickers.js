/** The choices beside the message box: which model answers, and how it is to work; and which tools there are. */

import { byId, el } from "../kit/dom.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";

// Other lists show only the text of a choice, in one line.
const DRAWN = CSS.supports("appearance", "base-select");
const BUILTIN = "builtin";

/** Chooses model and mode, and remembers both. */
export class Pickers {
  #model = byId("model", HTMLSelectElement);
  #mode = byId("mode", HTMLSelectElement);

  constructor() {
    for (const mode of /** @type {const} */ (["auto", "chat", "react", "plan"])) {
      const hint = text.modeHints[mode];
      const words = DRAWN
        ? [el("span", {}, text.modes[mode]), el("small", {}, hint)]
        : [text.modes[mode]];
      this.#mode.append(el("option", { value: mode, title: hint }, ...words));
    }
    if (DRAWN) this.#mode.prepend(el("button", {}, document.createElement("selectedcontent")));
    choose(this.#mode, readPref("mode"));
    this.#mode.addEventListener("change", () => writePref("mode", this.mode));
    this.#model.addEventListener("change", () => writePref("model", this.model));
  }

  get model() {
    return this.#model.value;
  }

  get mode() {
    return this.#mode.value;
  }

  /**
   * Offer these models; the last choice stays, otherwise one that needs a model server is preferred.
   * @param {string[]} names
   * @returns {boolean} whether there is any model besides the builtin one
   */
  offer(names) {
    this.#model.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
    const real = names.find((name) => name !== BUILTIN);
    choose(this.#model, real ?? "");
    choose(this.#model, readPref("model"));
    return real !== undefined;
  }
}

/** @type {(load: () => Promise<ListedTool[]>, onError: (error: unknown) => void) => void} */
export function offerTools(load, onError) {
  /** @param {ListedTool[]} tools */
  const show = (tools) => {
    const items = tools.map(({ name, description, available, unavailable, state }) => {
      const off = available
        ? []
        : [el("strong", {}, `${[state, unavailable].filter(Boolean).join(": ")}. `)];
      return el("li", {}, el("code", {}, name), " ", ...off, description);
    });
    byId("tool-list", HTMLElement).replaceChildren(...items);
    byId("tools", HTMLDialogElement).showModal();
  };
  byId("open-tools", HTMLButtonElement).addEventListener("click", () => load().then(show, onError));
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} value
 */
function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}
