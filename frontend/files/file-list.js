/** The list of files with its search and order; it looks again while some are being read. */

import { byId } from "../kit/dom.js";
import { named, text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/errors.js";
import { listFiles, searchFiles } from "../wire/server.js";
import { carryOut, fileItem, focusAgain, isFinal, passageItem } from "./file-item.js";

/** @typedef {"anew" | "again" | "more"} How */

const TYPING_MS = 200;
const LOOK_AGAIN_MS = 1500;
const SLICE = 50;
const MOST = 100;

/** Lists files, newest first unless another order is chosen. */
export class FileList {
  #parts;
  #list = byId("file-list", HTMLElement);
  #search = byId("file-search", HTMLInputElement);
  #more = byId("more-files", HTMLButtonElement);
  #note = byId("files-note", HTMLElement);
  #order = byId("file-order", HTMLSelectElement);
  #cursor = "";
  #asked = 0;
  #timer = 0; // of what is asked for next; what is typed comes before a look again
  /** @type {StoredFile[]} */
  #shown = [];

  /** @param {FileListParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#order.addEventListener("change", () => this.#load("anew"));
    this.#more.addEventListener("click", () => this.#load("more"));
    this.#search.addEventListener("input", () => this.#later(TYPING_MS, "anew"));
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && this.#query()) this.#searchInside();
    });
  }

  /** Look what has changed. */
  refresh = () => this.#load(this.#shown.length > 0 ? "again" : "anew");

  /** Look what has changed, soon: more may change by then. */
  refreshSoon() {
    this.#timer ||= window.setTimeout(this.refresh, TYPING_MS);
  }

  /** Look no more. */
  rest() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#asked += 1;
  }

  /** Forget what is listed. */
  clear() {
    this.rest();
    this.#search.value = "";
    this.#draw([]);
  }

  #query = () => this.#search.value.trim();

  /** @type {(delay_ms: number, how: How) => void} */
  #later(delay_ms, how) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#load(how), delay_ms);
  }

  /** @type {(how: How) => Promise<void>} */
  #load = (how) => this.#latest(how, (isWanted) => this.#slice(how, isWanted));

  /** @type {(how: How, isWanted: () => boolean) => Promise<void>} */
  async #slice(how, isWanted) {
    const kept = how === "anew" ? [] : this.#shown;
    const cursor = how === "more" ? this.#cursor : "";
    const limit = cursor ? SLICE : Math.min(Math.max(kept.length, SLICE), MOST);
    const asked = { name: this.#query(), sort: this.#order.value, cursor, limit };
    const { documents: found, next_cursor } = await listFiles(this.#parts.api, asked);
    if (!isWanted()) return;
    for (const words of newlyRead(kept, found)) this.#parts.onRead(words);
    const files = cursor ? merged(kept, found) : merged(found, kept.slice(limit));
    if (cursor || files.length === found.length) this.#cursor = next_cursor ?? "";
    this.#draw(files);
    if (!found.every(isFinal)) this.#timer ||= window.setTimeout(this.refresh, LOOK_AGAIN_MS);
  }

  #searchInside() {
    return this.#latest("anew", async (isWanted) => {
      const found = await searchFiles(this.#parts.api, this.#query());
      if (!isWanted()) return;
      this.#cursor = "";
      this.#draw([]);
      const open = (/** @type {Passage} */ one) => () => this.#parts.onPassage(one.citation_id);
      this.#list.append(...found.map((one) => passageItem(one, open(one))));
      this.#note.textContent = found.length > 0 ? "" : text.nothingFound;
    });
  }

  /** @type {(how: How, work: (isWanted: () => boolean) => Promise<void>) => Promise<void>} given up when more is asked for */
  async #latest(how, work) {
    this.rest();
    const asked = this.#asked;
    const isWanted = () => asked === this.#asked;
    try {
      await work(isWanted);
    } catch (error) {
      if (!isWanted()) return;
      this.#note.textContent = wordsOf(error);
      if (error instanceof ApiError && error.passing) this.#later(LOOK_AGAIN_MS, how);
    }
  }

  /** @param {StoredFile[]} files */
  #draw(files) {
    const had = this.#list.querySelector(":focus");
    this.#shown = files;
    this.#list.replaceChildren(...files.map((one) => fileItem(one, this.#act)));
    this.#more.hidden = !this.#cursor;
    this.#note.textContent =
      files.length > 0 ? "" : this.#query() ? text.nothingFound : text.noFiles;
    if (had) focusAgain(this.#list, had);
  }

  /** @type {(action: FileAction, file: StoredFile) => unknown} */
  #act = (action, file) => {
    const { api, onShow, onAttach } = this.#parts;
    if (action === "show") return onShow(file.file_id);
    if (action === "attach") return onAttach(file);
    return this.#latest("again", async () => {
      await carryOut(api, action, file);
      if (action === "remove") this.#shown = this.#shown.filter((one) => one !== file);
      await this.refresh();
    });
  };
}

/** @type {(before: readonly StoredFile[], now: readonly StoredFile[]) => string[]} say which are read now */
function newlyRead(before, now) {
  const unread = new Set(before.filter((one) => !isFinal(one)).map((one) => one.file_id));
  const read = now.filter((one) => isFinal(one) && unread.has(one.file_id));
  return read.map(({ filename, state }) => `${filename}: ${named(text.fileStates, state)}`);
}

/** @type {(first: StoredFile[], then: StoredFile[]) => StoredFile[]} put slices together */
function merged(first, then) {
  const ids = new Set(first.map((one) => one.file_id));
  return [...first, ...then.filter((one) => !ids.has(one.file_id))];
}
