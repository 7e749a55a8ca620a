/** The choices beside the message box: which model, how it is to work, and which documents it asks. */

import { byId, el } from "../kit/dom.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";
import { describeConversation, getFile } from "../wire/server.js";

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

const MOST = 100; // as many as a request may name
const CHAT = "chat";

/** The choice beside the message box, there once a conversation has files; kept with it. */
export class Scope {
  #api;
  #all = el("option", { value: "" }, text.allDocuments);
  #own = el("option", { value: CHAT });
  #select = el("select", { class: "scope", "aria-label": text.scope }, this.#all, this.#own);
  /** @type {Set<string>} */
  #files = new Set();
  /** @type {Record<string, unknown>} */
  #metadata = {};
  #id = "";

  /** @param {Api} api @param {(error: unknown) => void} onError */
  constructor(api, onError) {
    this.#api = api;
    byId("send", HTMLButtonElement).before(this.#select);
    this.#select.addEventListener("change", () => this.#keep().catch(onError));
  }

  /** @type {(found?: Pick<Conversation, "id" | "metadata">) => void} turn to a conversation, or to a new one */
  open({ id, metadata } = { id: "", metadata: {} }) {
    this.#id = id;
    this.#metadata = metadata;
    this.#files.clear();
    this.#select.value = metadata.documents === CHAT ? CHAT : "";
    this.show([]);
  }

  /** @type {(files: readonly AttachedFile[]) => void} count what questions brought */
  add(files) {
    for (const { file_id } of files) this.#files.add(file_id);
    this.show([]);
  }

  /** @type {(next: readonly AttachedFile[]) => void} show the choice, with what the next question brings */
  show(next) {
    const { size } = new Set([...this.#files, ...next.map((one) => one.file_id)]);
    this.#select.hidden = size === 0;
    this.#own.textContent = text.chatDocuments(size);
  }

  /** @type {(id: string) => Promise<void>} keep the choice with a conversation that has begun */
  async began(id) {
    if (this.#id === id) return;
    this.#id = id;
    if (this.#select.value) await this.#keep();
  }

  /** @type {() => Promise<string[] | undefined>} give the files to ask that are still there, undefined for all */
  async ids() {
    if (this.#select.hidden || !this.#select.value) return undefined;
    const look = (/** @type {string} */ id) =>
      getFile(this.#api, id).catch((error) => {
        if (error.status !== 404) throw error;
        this.#files.delete(id);
      });
    await Promise.all([...this.#files].slice(-MOST).map(look));
    return [...this.#files].slice(-MOST);
  }

  async #keep() {
    this.#metadata = { ...this.#metadata, documents: this.#select.value };
    if (this.#id) await describeConversation(this.#api, this.#id, this.#metadata);
  }
}
