/** Takes files that are dropped anywhere on the page, folders with all that is in them. */

import { byId } from "../kit/dom.js";

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
 * @param {FileSystemEntry} entry
 * @param {{ left: number }} room
 * @returns {AsyncGenerator<File, void, void>}
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
