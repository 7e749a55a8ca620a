/** The list of conversations: searched as one types, with more as one scrolls. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";
import { listConversations } from "../wire/server.js";
import { ConversationActions } from "./conversation-actions.js";
import { ConversationList } from "./conversation-list.js";

const TYPING_MS = 200;
const AGAIN_MS = 5000;

/** Lists conversations, last used first. */
export class Sidebar {
  #parts;
  #list;
  #search = byId("search", HTMLInputElement);
  #more = byId("more", HTMLButtonElement);
  #note = byId("list-note", HTMLElement);
  #actions;
  #active = "";
  #query = "";
  #cursor = "";
  #asked = 0;
  #timer = 0;
  /** @type {Conversation[]} */
  #listed = [];
  #near = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) this.#load(this.#cursor);
  });

  /** @param {SidebarParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#actions = new ConversationActions(parts, (changed) => this.#change(changed));
    this.#list = new ConversationList(this.#actions);
    this.#more.addEventListener("click", () => this.#load(this.#cursor));
    this.#search.addEventListener("input", () => this.#refreshIn(TYPING_MS));
    this.#search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#search.value) return;
      event.stopPropagation(); // the drawer stays
      this.#search.value = "";
      this.refresh();
    });
    document.addEventListener("visibilitychange", () => this.#refreshIn(0));
  }

  /** @type {(id: string) => void} mark the conversation that is open */
  setActive(id) {
    this.#active = id;
    this.#draw();
  }

  /** Forget what is listed, as when another person logs in. */
  clear() {
    this.settle();
    this.#asked += 1; // what was asked for is not for them
    this.#search.value = "";
    this.#cursor = "";
    this.#listed = [];
    this.#draw();
  }

  /** @type {(id: string) => string} give the title of a conversation that is listed */
  titleOf(id) {
    return this.#listed.find((one) => one.id === id)?.title ?? "";
  }

  /** Fetch the list again from its beginning. */
  refresh() {
    return this.#load("");
  }

  /** Delete now what can still be undone. */
  settle() {
    return this.#actions.settle();
  }

  /** @param {number} wait_ms */
  #refreshIn(wait_ms) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      if (!document.hidden && !byId("page", HTMLElement).hidden) this.refresh();
    }, wait_ms);
  }

  /** @param {string} cursor where to go on; "" begins again */
  async #load(cursor) {
    this.#asked += 1;
    const asked = this.#asked;
    const query = this.#search.value.trim();
    try {
      const page = await listConversations(this.#parts.api, { query, cursor });
      if (asked !== this.#asked) return; // a later question overtook this one
      if (query !== this.#query) this.#listed = [];
      this.#query = query;
      this.#take(page, cursor);
      this.#draw();
      const isTyping = query !== this.#search.value.trim(); // that comes sooner
      if (!isTyping && this.#listed.some((one) => one.active_run_id)) this.#refreshIn(AGAIN_MS);
    } catch (error) {
      if (asked === this.#asked) this.#parts.onError(error);
    }
  }

  /**
   * Join a page to what is listed: from the beginning it says all about its time, and what is older stays.
   * @type {(page: ConversationPage, cursor: string) => void}
   */
  #take({ conversations: found, next_cursor }, cursor) {
    const ids = new Set(found.map((one) => one.id));
    const last = next_cursor ? (found.at(-1)?.updated_at ?? 0) : -1;
    const others = this.#listed.filter(
      (one) => !ids.has(one.id) && (cursor || one.updated_at <= last),
    );
    this.#listed = cursor ? [...others, ...found] : [...found, ...others];
    if (cursor || !others.length) this.#cursor = next_cursor ?? "";
  }

  #draw() {
    const shown = this.#listed.filter(({ id }) => !this.#actions.gone.has(id));
    this.#list.draw(shown, this.#active, this.#query);
    this.#more.hidden = !this.#cursor;
    this.#near.disconnect();
    this.#near.observe(this.#more); // tells anew whether it is near
    const nothing = this.#query ? text.nothingFound : text.noConversations;
    this.#note.textContent = shown.length > 0 || !this.#asked ? "" : nothing;
  }

  /** @param {Conversation} [changed] */
  #change(changed) {
    if (changed) {
      this.#listed = this.#listed.map((one) => (one.id === changed.id ? changed : one));
      this.#parts.onRenamed(changed.id, changed.title);
    }
    this.#draw();
  }
}
