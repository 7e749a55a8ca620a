/** Shows what was read out of a file, page after page, or a cited passage where it stands. */

import { ApiError } from "../api.js";
import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { getCitation, getFile, textPage } from "../wire/files.js";

/** @import { Api } from "../api.js" */

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
      const { file_id: fileId, filename, page, ...cited } = await getCitation(this.#api, id);
      if (!isWanted()) return;
      this.#title.textContent = text.place(filename, page);
      const mark = el("mark", {}, cited.text);
      this.#host.append(pageText(cited.before, mark, cited.after));
      if (fileId) this.#addButton(text.wholeFile, () => this.showFile(fileId));
      mark.scrollIntoView({ block: "center" });
    });
  }

  /** @param {string} id */
  showFile(id) {
    return this.#show(async (isWanted) => {
      const { filename, chars } = await getFile(this.#api, id);
      if (!isWanted()) return;
      this.#title.textContent = filename;
      if (chars > 0) await this.#addPage(id, 1, chars, isWanted);
      else this.#host.append(el("p", { class: "muted" }, text.noText));
    });
  }

  /** @type {(id: string, number: number, chars: number, isWanted: IsWanted) => Promise<void>} */
  async #addPage(id, number, chars, isWanted) {
    const { page, text: words, end } = await textPage(this.#api, id, number);
    if (!isWanted()) return;
    if (page !== null) this.#host.append(el("h3", { class: "muted" }, text.page(page)));
    this.#host.append(pageText(words));
    if (end >= chars) return;
    this.#addButton(text.more, () => this.#try(this.#addPage(id, number + 1, chars, isWanted)));
  }

  /** @type {(words: string, onClick: () => void) => void} a button that is good for one click */
  #addButton(words, onClick) {
    const button = el("button", { class: "more" }, words);
    button.addEventListener("click", () => {
      button.remove();
      this.#title.focus();
      onClick();
    });
    this.#host.append(button);
  }

  /** @param {(isWanted: IsWanted) => Promise<void>} work */
  #show(work) {
    this.clear();
    const asked = this.#asked;
    return this.#try(work(() => asked === this.#asked));
  }

  /** @param {Promise<void>} work */
  async #try(work) {
    const asked = this.#asked;
    await work.catch((error) => {
      if (asked !== this.#asked) return;
      const missing = error instanceof ApiError && error.status === 404;
      const words = missing ? text.noCitation : String(error.message);
      this.#host.append(el("p", { class: "muted", role: "alert" }, words));
    });
  }
}

/** @param {(Node | string)[]} parts */
const pageText = (...parts) => el("p", { class: "page-text", dir: "auto" }, ...parts);
