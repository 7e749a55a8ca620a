/** Which documents a conversation asks: all, or only the files that came with it. */

import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { describeConversation, getFile } from "../wire/server.js";

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
    this.#files = new Set();
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
    const asked = this.#files; // of this conversation, though another may be opened meanwhile
    const look = (/** @type {string} */ id) =>
      getFile(this.#api, id).catch((error) => {
        if (error.status !== 404) throw error;
        asked.delete(id);
      });
    await Promise.all([...asked].slice(-MOST).map(look));
    return [...asked].slice(-MOST);
  }

  async #keep() {
    this.#metadata = { ...this.#metadata, documents: this.#select.value };
    if (this.#id) await describeConversation(this.#api, this.#id, this.#metadata);
  }
}
