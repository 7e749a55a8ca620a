/**
 * What was written and not sent, by conversation, for as long as the tab is open. Not in the browser's
 * lasting storage: others may sit before it later.
 */

const KEY = "steward.drafts";

/** The drafts of one person. */
export class Drafts {
  #kept = stored();

  /** @type {(user: string) => void} forget what others left */
  belongTo(user) {
    if (this.#kept.user !== user) this.#keep({ user, words: {} });
  }

  /** @type {(conversation: string) => string} "" names the one that has not begun */
  read(conversation) {
    return this.#kept.words[conversation] ?? "";
  }

  /** @type {(conversation: string, words: string) => void} */
  write(conversation, words) {
    const { [conversation]: _, ...others } = this.#kept.words;
    this.#keep({ ...this.#kept, words: words ? { ...others, [conversation]: words } : others });
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
