/** Shows what was read out of a file, page after page, or a cited passage where it stands. */

import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/events.js";
import { getCitation, getFile, pageAround, textPage } from "../wire/server.js";
import { carryOut } from "./file-item.js";

/** @typedef {() => boolean} IsWanted tells whether nothing else has been asked for since */

/** The text of one file. */
export class FileView {
  #api;
  #host = byId("file-view", HTMLElement);
  #title = byId("files-title", HTMLElement);
  #asked = 0;

  /** @param {Api} api */
  constructor(api) {
    this.#api = api;
  }

  clear() {
    this.#asked += 1;
    this.#host.replaceChildren();
  }

  /** @param {string} id */
  showCitation(id) {
    return this.#show(async (isWanted) => {
      const found = await getCitation(this.#api, id);
      if (!isWanted()) return;
      const { file_id, filename, page, before, text: words, after } = found;
      this.#title.textContent = text.place(filename, page);
      this.#host.append(pageText([before, words, after]));
      if (!file_id) return;
      this.#host.append(this.#turning(text.wholeFile, () => this.showFile(file_id, found)));
      this.#addDownload({ file_id, filename });
    });
  }

  /**
   * Show the text of a file from its beginning, or from the page of a passage, which is marked.
   * @param {string} id
   * @param {Place} passage
   */
  showFile(id, passage = { start: 0, end: 0, page: null }) {
    return this.#show(async (isWanted) => {
      const file = await getFile(this.#api, id);
      const first = file.chars > 0 && (await pageAround(this.#api, file, passage));
      if (!isWanted()) return;
      this.#title.textContent = file.filename;
      this.#addDownload(file);
      const pages = el("div");
      this.#host.append(pages);
      if (!first) return pages.append(el("p", { class: "muted" }, text.noText));
      /** @type {(page: TextPage, way: number) => void} `way` is -1 for one before, 1 for one after */
      const put = (page, way) => {
        /** @type {HTMLElement[]} */
        const shown = [pageText(markedPage(page, passage))];
        if (page.page !== null) shown.unshift(el("h3", { class: "muted" }, text.page(page.page)));
        const turn = (/** @type {number} */ step) => async () => {
          const next = await textPage(this.#api, id, page.number + step);
          if (isWanted()) put(next, step);
        };
        if (way <= 0 && page.number > 1) shown.unshift(this.#turning(text.earlier, turn(-1)));
        if (way >= 0 && page.end < file.chars) shown.push(this.#turning(text.more, turn(1)));
        if (way < 0) pages.prepend(...shown);
        else pages.append(...shown);
      };
      put(first, 0);
    });
  }

  /** @type {(words: string, work: () => Promise<unknown>) => HTMLElement} good for one click */
  #turning(words, work) {
    const button = el("button", { class: "more" }, words);
    button.addEventListener("click", () => {
      button.remove();
      this.#title.focus();
      this.#try(work());
    });
    return button;
  }

  /** @param {{ file_id: string, filename: string }} file */
  #addDownload(file) {
    const button = el("button", { class: "more" }, text.download);
    button.addEventListener("click", () => this.#try(carryOut(this.#api, "download", file)));
    this.#host.append(button);
  }

  /** @param {(isWanted: IsWanted) => Promise<void>} work */
  async #show(work) {
    this.clear();
    const asked = this.#asked;
    await this.#try(work(() => asked === this.#asked));
    this.#host.querySelector("mark")?.scrollIntoView({ block: "center" });
  }

  /** @param {Promise<unknown>} work */
  async #try(work) {
    const asked = this.#asked;
    await work.catch((error) => {
      if (asked !== this.#asked) return;
      const missing = error instanceof ApiError && error.status === 404;
      const words = missing ? text.noCitation : wordsOf(error);
      this.#host.append(el("p", { class: "muted", role: "alert" }, words));
    });
  }
}

/** @param {string[]} parts the second is marked */
function pageText([before = "", marked = "", after = ""]) {
  const mark = marked ? [el("mark", {}, marked)] : [];
  return el("p", { class: "page-text", dir: "auto" }, before, ...mark, after);
}

/**
 * Cut the text of a page into what stands before a passage, what of the passage is on it, and what
 * comes after. Places count characters (code points) of the whole text, as the server does.
 * @type {(page: { text: string, start: number }, passage: { start: number, end: number }) => string[]}
 */
export function markedPage({ text, start }, passage) {
  const characters = Array.from(text);
  const from = Math.max(passage.start - start, 0);
  const to = Math.max(passage.end - start, from);
  const parts = [characters.slice(0, from), characters.slice(from, to), characters.slice(to)];
  return parts.map((one) => one.join(""));
}
