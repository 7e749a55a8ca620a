/** Which documents a conversation asks: all, or only the files its questions brought. */

import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { ApiError } from "../wire/events.js";
import { describeConversation, getFile } from "../wire/server.js";

const MOST = 100; // as many as a request may name
const CHAT = "chat";

/** The choice beside the message box, there once a conversation has files; kept with it. */
export class Scope {
  #api;
  #select = el(
    "select",
    { class: "scope", "aria-label": text.scope, hidden: true },
    el("option", { value: "" }, text.allDocuments),
    el("option", { value: CHAT }),
  );
  /** @type {Set<string>} */
  #files = new Set();
  /** @type {Record<string, unknown>} */
  #metadata = {};
  #id = "";

  /**
   * @param {Api} api
   * @param {(error: unknown) => void} onError
   */
  constructor(api, onError) {
    this.#api = api;
    byId("send", HTMLButtonElement).before(this.#select);
    this.#select.addEventListener("change", () => this.#keep().catch(onError));
  }

  /** @type {(found?: { id: string, metadata: Record<string, unknown> }) => void} turn to a conversation, or to a new one */
  open({ id, metadata } = { id: "", metadata: {} }) {
    this.#id = id;
    this.#metadata = metadata;
    this.#files.clear();
    this.#select.value = metadata.documents === CHAT ? CHAT : "";
    this.show([]);
  }

  /** @type {(files: readonly AttachedFile[]) => void} count what a question brought */
  add(files) {
    for (const { file_id } of files) if (file_id) this.#files.add(file_id);
    this.show([]);
  }

  /** @type {(next: readonly AttachedFile[]) => void} show the choice, with what the next question brings */
  show(next) {
    const count = new Set([...this.#files, ...next.map((one) => one.file_id)]).size;
    this.#select.hidden = count === 0;
    this.#select.options[1]?.replaceChildren(text.chatDocuments(count));
  }

  /** @type {(id: string) => Promise<void>} keep the choice with a conversation that has begun */
  async began(id) {
    if (this.#id === id) return;
    this.#id = id;
    if (this.#select.value) await this.#keep();
  }

  /**
   * Give the files to ask, without those that were deleted; undefined for all documents.
   * @returns {Promise<string[] | undefined>}
   */
  async ids() {
    if (this.#select.hidden || !this.#select.value) return undefined;
    const asked = [...this.#files].slice(-MOST).map((id) => this.#isGone(id));
    for (const id of (await Promise.all(asked)).flat()) this.#files.delete(id);
    return [...this.#files].slice(-MOST);
  }

  /** @param {string} id */
  #isGone(id) {
    return getFile(this.#api, id).then(
      () => [],
      (error) => {
        if (error instanceof ApiError && error.status === 404) return [id];
        throw error;
      },
    );
  }

  async #keep() {
    this.#metadata = { ...this.#metadata, documents: this.#select.value };
    if (this.#id) await describeConversation(this.#api, this.#id, this.#metadata);
  }
}
