/**
 * What was written and not sent, by conversation, for as long as the tab is open. Not in the browser's
 * lasting storage: others may sit before it later.
 */

const KEY = "steward.drafts";

/** The drafts of one person; that of the open conversation is in the message box. */
export class Drafts {
  #box;
  #conversation = "";
  #kept = stored();

  /** @param {{ draft: string }} box */
  constructor(box) {
    this.#box = box;
  }

  /** @type {(user: string) => void} forget what others left; "" forgets them all */
  belongTo(user) {
    if (this.#kept.user !== user) this.#keep({ user, words: {} });
    this.open("");
  }

  /** @type {(conversation: string) => void} go on with the draft of one; "" names the one that has not begun */
  open(conversation) {
    this.#conversation = conversation;
    const { words } = this.#kept;
    this.#box.draft = (Object.hasOwn(words, conversation) && words[conversation]) || "";
  }

  /** @type {(conversation: string) => void} what is being written belongs to it: it has just begun */
  begun(conversation) {
    if (conversation === this.#conversation) return;
    this.#write("");
    this.#conversation = conversation;
    this.keep();
  }

  /** Keep what is in the box. */
  keep() {
    this.#write(this.#box.draft);
  }

  /** @param {string} words */
  #write(words) {
    const { [this.#conversation]: _, ...others } = this.#kept.words;
    const all = words ? { ...others, [this.#conversation]: words } : others;
    this.#keep({ ...this.#kept, words: all });
  }

  /** @param {ReturnType<typeof stored>} kept */
  #keep(kept) {
    this.#kept = kept;
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // No storage, or no room in it: they last as long as the page.
    }
  }
}

/** @returns {{ user: string, words: Record<string, string> }} */
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "");
  } catch {
    return { user: "", words: {} };
  }
}
