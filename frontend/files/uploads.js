/** Takes files and folders that are dropped, and sends files to the server, a few at a time. */

import { byId, el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/events.js";
import { uploadFile } from "../wire/server.js";
import { row } from "./file-item.js";

const MOST_FILES = 2000;

/**
 * Show where to drop while files are dragged over the page.
 * @param {(files: File[]) => void} onFiles
 */
export function takeDrops(onFiles) {
  const hint = byId("drop", HTMLElement);
  const page = byId("page", HTMLElement);
  let leaving = 0;
  /** @param {DragEvent} event */
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files") || page.hidden) return;
    event.preventDefault();
    clearTimeout(leaving);
    hint.hidden = document.querySelector("dialog[open]") !== null;
  };
  addEventListener("dragenter", over);
  addEventListener("dragover", over);
  // Told for every element on the way; only the last one is not followed by another "over".
  addEventListener("dragleave", () => {
    leaving = window.setTimeout(() => {
      hint.hidden = true;
    }, 100);
  });
  addEventListener("drop", async (event) => {
    if (hint.hidden || !event.dataTransfer) return;
    event.preventDefault();
    hint.hidden = true;
    // All is asked for before the event ends, which empties the list.
    const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry());
    const files = entries.every((one) => one === null) ? [...event.dataTransfer.files] : [];
    for (const one of entries) if (one) for await (const file of filesIn(one)) files.push(file);
    if (files.length > 0) onFiles(files);
  });
}

/**
 * Walk an entry; hidden files are left out. What an entry is it says itself: not every browser has
 * the classes by name.
 * @type {(entry: FileSystemEntry, room?: { left: number }) => AsyncGenerator<File, void, void>}
 */
export async function* filesIn(entry, room = { left: MOST_FILES }) {
  if (entry.name.startsWith(".") || room.left <= 0) return;
  if (entry.isFile) {
    room.left -= 1;
    const found = /** @type {FileSystemFileEntry} */ (entry);
    yield await new Promise((done, fail) => found.file(done, fail));
  } else {
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    for (let some = await read(reader); some.length > 0; some = await read(reader)) {
      for (const one of some) yield* filesIn(one, room);
    }
  }
}

/** @type {(reader: FileSystemDirectoryReader) => Promise<FileSystemEntry[]>} */
const read = (reader) => new Promise((done, fail) => reader.readEntries(done, fail));

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
