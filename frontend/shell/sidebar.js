/**
 * The list of conversations with its search; each is a link, with buttons to rename and delete it.
 */

import { byId, el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { addressOf } from "../text/links.js";
import { deleteConversation, listConversations, renameConversation } from "../wire/server.js";
import { askText, confirmDanger } from "./frame.js";

/**
 * Make the list item of a conversation.
 * @param {Conversation} conversation
 * @param {boolean} active whether it is the one that is open
 * @param {ItemActions} actions
 */
export function conversationItem({ id, title }, active, { rename, remove }) {
  const name = title || text.untitled;
  const link = el("a", { href: addressOf(id), title: name }, name);
  if (active) link.setAttribute("aria-current", "page");
  const edit = iconButton("edit", `${text.rename}: ${name}`, async () => {
    const asked = { title: text.renameTitle, label: text.renameLabel, action: text.save };
    const changed = await askText({ ...asked, value: title });
    if (changed && changed !== title) await rename(id, changed);
  });
  const erase = iconButton("trash", `${text.remove}: ${name}`, async () => {
    const asked = { title: text.removeTitle, body: text.removeBody(name), action: text.remove };
    if (await confirmDanger(asked)) await remove(id);
  });
  return el("li", { "data-id": id }, link, edit, erase);
}

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

  /** @type {(id: string) => void} mark the conversation that is open */
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

  /** @type {(id: string) => string} give the title of a conversation that is listed */
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
