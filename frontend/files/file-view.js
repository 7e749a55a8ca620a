/** Shows a file page by page or whole, or a cited passage where it stands. */

import { el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/errors.js";
import { getCitation, getFile, textPage } from "../wire/server.js";
import { carryOut, isFinal } from "./file-item.js";
import { leaf, pageAround, pageText } from "./leaf.js";

const LOOK_AGAIN_MS = 1500;

/** What is asked for last is what is shown. */
export class FileView {
  #api;
  #host;
  #title;
  #leaves = el("div");
  #asked = new AbortController();

  /** @param {FileViewParts} parts */
  constructor({ api, host, title }) {
    this.#api = api;
    this.#host = host;
    this.#title = title;
  }

  /** Give up what is being loaded, and let go of the pictures. */
  clear() {
    this.#asked.abort();
    this.#leaves.replaceChildren();
    this.#host.replaceChildren(this.#leaves);
  }

  /** @param {string} id */
  showCitation(id) {
    this.clear();
    return this.#load(async (signal) => {
      const found = await getCitation(this.#api, id);
      if (signal.aborted) return;
      const { file_id, filename, page, before, text: words, after } = found;
      this.#title.textContent = text.place(filename, page);
      if (file_id) await this.#open(file_id, found, signal);
      else this.#leaves.replaceChildren(pageText([before, words, after]));
    }, text.noCitation);
  }

  /** @type {(id: string, passage?: Place) => Promise<void>} */
  showFile(id, passage = { start: 0, end: 0, page: null }) {
    this.clear();
    return this.#load((signal) => this.#open(id, passage, signal));
  }

  /** @type {(id: string, passage: Place, signal: AbortSignal) => Promise<void>} */
  async #open(id, passage, signal) {
    const file = await getFile(this.#api, id);
    const page = file.chars > 0 ? await pageAround(this.#api, file, passage) : null;
    if (signal.aborted) return;
    const book = { file, passage, page };
    this.#put(book, signal);
    if (page || isFinal(file)) return;
    const again = setTimeout(() => this.showFile(id, passage), LOOK_AGAIN_MS);
    signal.addEventListener("abort", () => clearTimeout(again));
  }

  /** @type {(book: Book, signal: AbortSignal) => void} show the page that is open */
  #put(book, signal) {
    this.#title.textContent = text.place(book.file.filename, book.page?.page ?? null);
    this.#host.replaceChildren(this.#bar(book), this.#leaves);
    this.#leaves.replaceChildren(leaf(this.#api, book, signal));
    this.#host.scrollTop = 0;
    this.#leaves.querySelector("mark")?.scrollIntoView();
  }

  /** @param {Book} book */
  #bar({ file, passage, page }) {
    const { file_id: id, pages, filename } = file;
    let number = page?.number ?? 1;
    const place = el("span", { role: "status" }, text.pageOf(number, pages));
    const turn = (/** @type {number} */ step) => () => {
      number += step;
      place.textContent = text.pageOf(number, pages);
      tell();
      this.#load(async (signal) => {
        const next = await textPage(this.#api, id, number);
        if (!signal.aborted) this.#put({ file, passage, page: next }, signal);
      });
    };
    const before = iconButton("back", text.pageBefore, turn(-1));
    const after = iconButton("chevron", text.pageAfter, turn(1));
    const tell = () => {
      before.disabled = number <= 1;
      after.disabled = pages ? number >= pages : !page || page.end >= file.chars;
    };
    tell();
    const whole = el("button", { type: "button", class: "more" }, text.wholeFile);
    whole.addEventListener("click", () => {
      this.#title.textContent = filename;
      this.#leaves.replaceChildren();
      this.#load((signal) => this.#add(1, { file, passage, page }, signal));
    });
    const save = iconButton("download", text.download, () => {
      this.#try(carryOut(this.#api, "download", file), this.#asked.signal);
    });
    const many = before.disabled && after.disabled ? [] : [before, place, after, whole];
    return el("div", { class: "page-bar" }, ...many, save);
  }

  /** @type {(number: number, book: Book, signal: AbortSignal) => Promise<void>} add a page below */
  async #add(number, { file, passage }, signal) {
    const page = await textPage(this.#api, file.file_id, number);
    if (signal.aborted) return;
    this.#leaves.append(leaf(this.#api, { file, passage, page }, signal));
    if (file.pages ? number >= file.pages : page.end >= file.chars) return;
    const more = el("button", { type: "button", class: "more" }, text.more);
    more.addEventListener("click", () => {
      more.remove();
      this.#title.focus();
      this.#try(this.#add(number + 1, { file, passage, page }, signal), signal);
    });
    this.#leaves.append(more);
  }

  /** @type {(work: Viewing, missing?: string) => Promise<void>} */
  #load(work, missing) {
    this.#asked.abort();
    this.#asked = new AbortController();
    return this.#try(work(this.#asked.signal), this.#asked.signal, missing);
  }

  /** @type {(work: Promise<unknown>, signal: AbortSignal, missing?: string) => Promise<void>} */
  async #try(work, signal, missing) {
    this.#host.ariaBusy = "true";
    await work.catch((error) => {
      if (signal.aborted) return;
      const gone = error instanceof ApiError && error.status === 404 && missing;
      this.#leaves.append(el("p", { class: "muted", role: "alert" }, gone || wordsOf(error)));
    });
    if (!signal.aborted) this.#host.ariaBusy = "false";
  }
}
