/** Sends files to the server, a few at a time, and shows how far each has come. */

import { iconButton } from "../kit/buttons.js";
import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/api-error.js";
import { uploadFile } from "../wire/server.js";
import { row } from "./file-item.js";

/** @import { Api } from "../api.js" */

/** @typedef {{ file: File, item: HTMLElement, signal: AbortSignal }} Waiting */

const AT_ONCE = 3;

/** The files on their way. One that was refused stays, with the reason, until it is dismissed. */
export class Uploads {
  #api;
  #onDone;
  #items = byId("uploads", HTMLElement);
  #running = 0;
  /** @type {Waiting[]} */
  #queue = [];

  /** @param {{ api: Api, onDone: () => void }} parts */
  constructor({ api, onDone }) {
    this.#api = api;
    this.#onDone = onDone;
  }

  /** @param {readonly File[]} files */
  add(files) {
    for (const file of files) {
      const stop = new AbortController();
      const cancel = iconButton("close", `${text.cancel}: ${file.name}`, () => {
        stop.abort();
        item.remove();
      });
      const item = el("li", {}, row(false, file.name, text.fileStates.queued), cancel);
      this.#items.append(item);
      this.#queue.push({ file, item, signal: stop.signal });
    }
    this.#next();
  }

  /** Give up what is on its way, as when another person logs in. */
  clear() {
    for (const cancel of this.#items.querySelectorAll("button")) cancel.click();
  }

  #next() {
    while (this.#running < AT_ONCE && this.#queue.length > 0) {
      this.#running += 1;
      this.#send(/** @type {Waiting} */ (this.#queue.shift())).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  /** @param {Waiting} waiting */
  async #send({ file, item, signal }) {
    if (signal.aborted) return;
    const words = item.querySelector(".file-facts");
    const bar = el("progress", { max: "1", "aria-label": file.name });
    words?.after(bar);
    const onProgress = (/** @type {number} */ share) => {
      bar.value = share;
      words?.replaceChildren(text.uploading(share));
    };
    try {
      await uploadFile(this.#api, file, { onProgress, signal });
      item.remove();
      this.#onDone();
    } catch (error) {
      bar.remove();
      item.className = "failed";
      words?.setAttribute("role", "alert");
      words?.replaceChildren(wordsOf(error));
    }
  }
}
