/** The list of conversations with its search. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";
import { deleteConversation, listConversations, renameConversation } from "../wire/server.js";
import { conversationItem } from "./conversation-item.js";

/** @import { Api } from "../api.js" */
/** @import { Conversation } from "../wire/shapes.js" */

/**
 * @typedef {{ api: Api, onError: (error: unknown) => void, onRemoved: (id: string) => void,
 *   onRenamed: (id: string, title: string) => void }} SidebarParts
 */

const TYPING_MS = 200;

/** Lists conversations, last used first, and more on request. */
export class Sidebar {
  #parts;
  #list = byId("conversations", HTMLElement);
  #search = byId("search", HTMLInputElement);
  #more = byId("more", HTMLButtonElement);
  #note = byId("list-note", HTMLElement);
  #active = "";
  #cursor = "";
  #asked = 0;
  #typing = 0;
  /** @type {Conversation[]} */
  #shown = [];

  /** @param {SidebarParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#more.addEventListener("click", () => this.#load(this.#cursor));
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = window.setTimeout(() => this.refresh(), TYPING_MS);
    });
  }

  /**
   * Mark the conversation that is open.
   * @param {string} id
   */
  setActive(id) {
    this.#active = id;
    this.#draw();
  }

  /** Forget what is listed, as when another person logs in. */
  clear() {
    this.#search.value = "";
    this.#shown = [];
    this.#draw();
  }

  /**
   * Give the title of a conversation that is listed.
   * @param {string} id
   */
  titleOf(id) {
    return this.#shown.find((one) => one.id === id)?.title ?? "";
  }

  /** Fetch the list again from its beginning. */
  refresh() {
    return this.#load("");
  }

  /** @param {string} cursor where to go on; "" begins again */
  async #load(cursor) {
    this.#asked += 1;
    const asked = this.#asked;
    const query = this.#search.value.trim();
    try {
      const page = await listConversations(this.#parts.api, { query, cursor });
      if (asked !== this.#asked) return; // a later question overtook this one
      this.#shown = cursor ? [...this.#shown, ...page.conversations] : page.conversations;
      this.#cursor = page.next_cursor ?? "";
      this.#draw();
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  #draw() {
    const actions = { rename: this.#rename.bind(this), remove: this.#remove.bind(this) };
    const items = this.#shown.map((one) => conversationItem(one, one.id === this.#active, actions));
    this.#list.replaceChildren(...items);
    this.#more.hidden = !this.#cursor;
    this.#note.hidden = items.length > 0;
    this.#note.textContent = this.#search.value.trim() ? text.nothingFound : text.noConversations;
  }

  /** @type {(id: string, title: string) => Promise<void>} */
  async #rename(id, title) {
    try {
      const changed = await renameConversation(this.#parts.api, id, title);
      this.#shown = this.#shown.map((one) => (one.id === id ? changed : one));
      this.#draw();
      this.#parts.onRenamed(id, changed.title);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** @param {string} id */
  async #remove(id) {
    try {
      await deleteConversation(this.#parts.api, id);
      this.#shown = this.#shown.filter((one) => one.id !== id);
      this.#draw();
      this.#parts.onRemoved(id);
    } catch (error) {
      this.#parts.onError(error);
    }
  }
}
