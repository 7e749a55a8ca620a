/**
 * What was written and not sent, by conversation or by the message in whose place it is written, for as long
 * as the tab is open. Not in the browser's lasting storage: others may sit before it later.
 */

const KEY = "steward.drafts";

/** The drafts of one person; that of the open conversation is in the message box. */
export class Drafts {
  #box;
  #conversation = "";
  #kept = stored();
  /** @type {Map<string, StoredFile[]>} that came back with what was written for a conversation */
  #files = new Map();
  #left = this.#kept.files ?? [];

  /** @param {DraftBox} box */
  constructor(box) {
    this.#box = box;
    globalThis.addEventListener?.("pagehide", () => {
      if (this.#kept.user) this.#keep({ ...this.#kept, files: box.attachments?.files ?? [] });
    });
  }

  /** @type {(user: string) => void} forget what others left; "" forgets them all */
  belongTo(user) {
    const left = this.#kept.user === user ? this.#left : [];
    this.#left = [];
    if (this.#kept.user !== user) {
      this.#keep({ user, words: {} });
      this.#files.clear();
    }
    this.open("");
    // Whether they are still there is asked again.
    if (left.length > 0)
      this.#box.restore(
        "",
        left.map((one) => ({ ...one, state: "queued" })),
      );
  }

  /** @type {(conversation: string) => void} go on with the draft of one; "" names the one that has not begun */
  open(conversation) {
    this.#conversation = conversation;
    this.#box.draft = this.#of(conversation);
    const files = this.#files.get(conversation);
    this.#files.delete(conversation);
    if (files) this.#box.restore("", files);
  }

  /** @type {(conversation: string) => void} what is being written belongs to it: it has just begun */
  begun(conversation) {
    if (conversation === this.#conversation) return;
    this.#write(this.#conversation, "");
    this.#conversation = conversation;
    this.keep();
  }

  /** Keep what is in the box. */
  keep() {
    this.#write(this.#conversation, this.#box.draft);
  }

  /** @type {(message: string) => string} give what was written in the place of a message */
  editOf(message) {
    return message && this.#of(message);
  }

  /** @type {(message: string, words: string) => void} keep what is written in the place of a message, if its id is known */
  keepEdit(message, words) {
    if (message) this.#write(message, words);
  }

  /**
   * Give a way back for what is sent now: into the box, or to where it was written if something else is there by then.
   * @type {(words: string, files: StoredFile[]) => () => void}
   */
  wayBack(words, files) {
    const place = this.#conversation;
    const { user } = this.#kept;
    return () => {
      if (user !== this.#kept.user) return;
      if (place === this.#conversation) return this.#box.restore(words, files);
      this.#write(place, [words, this.#of(place)].filter(Boolean).join("\n\n"));
      if (files.length > 0) this.#files.set(place, files);
    };
  }

  /** @param {string} place */
  #of(place) {
    const { words } = this.#kept;
    return (Object.hasOwn(words, place) && words[place]) || "";
  }

  /** @type {(place: string, words: string) => void} */
  #write(place, words) {
    const { [place]: _, ...others } = this.#kept.words;
    this.#keep({ ...this.#kept, words: words ? { ...others, [place]: words } : others });
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

/** @returns {{ user: string, words: Record<string, string>, files?: StoredFile[] }} `files` went with what is in the box */
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "");
  } catch {
    return { user: "", words: {} };
  }
}
