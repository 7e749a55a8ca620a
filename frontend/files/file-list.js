/** The list of files with its search; it looks again while some of them are being read. */

import { byId } from "../kit/dom.js";
import { named, text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/events.js";
import { listFiles, searchFiles } from "../wire/server.js";
import { carryOut, fileItem, focusAgain, isFinal, passageItem } from "./file-item.js";

/** @typedef {"anew" | "again" | "more"} How */

const TYPING_MS = 200;
const LOOK_AGAIN_MS = 1500;

/** Lists files, newest first. */
export class FileList {
  #parts;
  #list = byId("file-list", HTMLElement);
  #search = byId("file-search", HTMLInputElement);
  #more = byId("more-files", HTMLButtonElement);
  #note = byId("files-note", HTMLElement);
  #cursor = "";
  #asked = 0;
  #timer = 0;
  /** @type {StoredFile[]} */
  #shown = [];

  /** @param {FileListParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#more.addEventListener("click", () => this.#load("more"));
    this.#search.addEventListener("input", () => this.#later(TYPING_MS, "anew"));
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && this.#query) this.#searchInside();
    });
  }

  /** Look what has changed, and go on looking while something is being read. */
  refresh() {
    return this.#load(this.#shown.length > 0 ? "again" : "anew");
  }

  /** Look no more. */
  rest() {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  /** Forget what is listed. */
  clear() {
    this.rest();
    this.#search.value = "";
    this.#shown = [];
    this.#list.replaceChildren();
  }

  get #query() {
    return this.#search.value.trim();
  }

  /** @type {(delay_ms: number, how?: How) => void} */
  #later(delay_ms, how = this.#shown.length > 0 ? "again" : "anew") {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#load(how), delay_ms);
  }

  /** @param {How} how */
  #load(how) {
    return this.#latest(async (isWanted) => {
      const { api, announce } = this.#parts;
      const cursor = how === "more" ? this.#cursor : "";
      const { documents: found, next_cursor } = await listFiles(api, { name: this.#query, cursor });
      if (!isWanted()) return;
      const old = new Map(this.#shown.map((one) => [one.file_id, one]));
      for (const one of found) {
        const before = old.get(one.file_id);
        if (before && !isFinal(before) && isFinal(one)) {
          announce(`${one.filename}: ${named(text.fileStates, one.state)}`);
        }
        old.delete(one.file_id);
      }
      if (how !== "again") this.#cursor = next_cursor ?? "";
      const others = how === "anew" ? [] : [...old.values()];
      this.#draw(how === "more" ? [...others, ...found] : [...found, ...others]);
      if (!this.#shown.every(isFinal)) this.#later(LOOK_AGAIN_MS);
    });
  }

  #searchInside() {
    return this.#latest(async (isWanted) => {
      const { api, onPassage } = this.#parts;
      const found = await searchFiles(api, this.#query);
      if (!isWanted()) return;
      this.#draw([]);
      this.#list.append(...found.map((one) => passageItem(one, () => onPassage(one.citation_id))));
      this.#more.hidden = true;
      this.#say(found.length > 0 ? "" : text.nothingFound);
    });
  }

  /** @param {(isWanted: () => boolean) => Promise<void>} work given up when more is asked for */
  async #latest(work) {
    this.rest();
    const asked = this.#asked;
    try {
      await work(() => asked === this.#asked);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#say(wordsOf(error));
      if (error instanceof ApiError && error.passing) this.#later(LOOK_AGAIN_MS);
    }
  }

  /** @param {StoredFile[]} files */
  #draw(files) {
    const had = this.#list.querySelector(":focus");
    this.#shown = files;
    this.#list.replaceChildren(...files.map((one) => fileItem(one, this.#act.bind(this))));
    this.#more.hidden = !this.#cursor;
    this.#say(files.length > 0 ? "" : this.#query ? text.nothingFound : text.noFiles);
    if (had) focusAgain(this.#list, had);
  }

  /** @param {string} words */
  #say(words) {
    this.#note.textContent = words;
    this.#note.hidden = !words;
  }

  /** @type {(action: FileAction, file: StoredFile) => Promise<void>} */
  #act(action, file) {
    return this.#latest(async () => {
      if (action === "show") return this.#parts.onShow(file.file_id);
      await carryOut(this.#parts.api, action, file);
      if (action === "remove")
        this.#draw(this.#shown.filter((one) => one.file_id !== file.file_id));
      await this.refresh();
    });
  }
}
