/** What is done with a conversation of the list: it is deleted when that cannot be undone any more. */

import { byId, saveAs } from "../kit/dom.js";
import { endToast, toast } from "../kit/toast.js";
import { text } from "../strings.js";
import { addressOf } from "../text/links.js";
import { ApiError } from "../wire/errors.js";
import { deleteConversation, exportConversation, renameConversation } from "../wire/server.js";

/** Renames, saves and deletes; `gone` are the ids of what is deleted, or is about to be. */
export class ConversationActions {
  /** @type {Set<string>} */
  gone = new Set();
  #parts;
  #onChange;
  #told = Promise.resolve();

  /**
   * @param {SidebarParts} parts
   * @param {(changed?: Conversation) => void} onChange told what is other now, nothing for `gone`
   */
  constructor(parts, onChange) {
    this.#parts = parts;
    this.#onChange = onChange;
    addEventListener("pagehide", () => endToast());
  }

  /** @type {(one: Conversation, title: string) => Promise<void>} */
  async rename(one, title) {
    try {
      this.#onChange({ ...one, title });
      this.#onChange(await renameConversation(this.#parts.api, one.id, title));
    } catch (error) {
      this.#onChange(one);
      this.#parts.onError(error);
    }
  }

  /** @type {(one: Conversation, form: ExportForm) => Promise<void>} */
  async save({ id, title }, form) {
    const name = `${title || text.untitled}.${form === "json" ? form : "md"}`;
    try {
      saveAs(await exportConversation(this.#parts.api, id, form), name);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** @param {Conversation} one */
  remove({ id, title }) {
    const byKeyboard = document.activeElement?.matches(":focus-visible");
    const open = location.hash === addressOf(id);
    if (open) location.replace(addressOf(""));
    const home = () => {
      const left = document.activeElement === document.body;
      const row = document.querySelector(`#conversations [data-id="${id}"] a`);
      const to = row instanceof HTMLElement ? row : byId("new-chat", HTMLElement);
      if (byKeyboard && left) to.focus(); // what had the focus is gone
    };
    const undo = toast(text.removed(title || text.untitled), {
      action: text.undo,
      onAct: () => {
        this.#giveBack(id);
        if (open && location.hash === addressOf("")) location.replace(addressOf(id));
        home();
      },
      onOver: () => {
        this.#told = this.#delete(id);
        home();
      },
    });
    this.gone.add(id);
    this.#onChange();
    if (!byKeyboard) return;
    undo.focus();
    if (open) addEventListener("hashchange", () => undo.focus(), { once: true });
  }

  /** Delete now what can still be undone, and wait until the server knows. */
  settle() {
    endToast();
    return this.#told;
  }

  /** @param {string} id */
  async #delete(id) {
    try {
      await deleteConversation(this.#parts.api, id);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return;
      this.#giveBack(id);
      this.#parts.onError(error);
    }
  }

  /** @param {string} id */
  #giveBack(id) {
    this.gone.delete(id);
    this.#onChange();
  }
}
