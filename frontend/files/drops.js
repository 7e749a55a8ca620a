/** Takes files that are chosen, and files and folders that are dropped. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";

const MOST_FILES = 2000;
const LEFT_MS = 100;

/** @type {(onFiles: OnFiles) => void} take what is chosen or dropped */
export function takeFiles(onFiles) {
  const picker = byId("picker", HTMLInputElement);
  let toChat = false;
  for (const id of ["add-files", "attach"]) {
    byId(id, HTMLButtonElement).addEventListener("click", () => {
      toChat = id === "attach";
      picker.click();
    });
  }
  picker.addEventListener("change", () => {
    onFiles([...(picker.files ?? [])], toChat);
    picker.value = ""; // or the same file could not be chosen twice
  });
  takeDrops(onFiles);
}

/** @type {(onFiles: OnFiles) => void} say where files go while they are dragged over the page */
function takeDrops(onFiles) {
  const hint = byId("drop", HTMLElement);
  const page = byId("page", HTMLElement);
  const documents = byId("files", HTMLElement);
  const chat = byId("main", HTMLElement);
  let leaving = 0;
  /** @param {DragEvent} event */
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files") || page.hidden) return;
    event.preventDefault();
    clearTimeout(leaving);
    const zone =
      event.target instanceof Node && documents.contains(event.target) ? documents : chat;
    if (hint.parentNode !== zone) zone.append(hint);
    hint.textContent = zone === chat ? text.dropOnChat : text.dropFiles;
    hint.hidden = document.querySelector("dialog[open]") !== null;
  };
  addEventListener("dragenter", over);
  addEventListener("dragover", over);
  // Told for every element on the way; only the last one is not followed by another "over".
  addEventListener("dragleave", () => {
    leaving = window.setTimeout(() => {
      hint.hidden = true;
    }, LEFT_MS);
  });
  addEventListener("drop", async (event) => {
    if (hint.hidden || !event.dataTransfer) return;
    event.preventDefault();
    hint.hidden = true;
    const toChat = hint.parentNode === chat;
    const files = await filesOf(event.dataTransfer);
    if (files.length > 0) onFiles(files, toChat);
  });
}

/** @param {DataTransfer} dropped */
async function filesOf(dropped) {
  // All is asked for before the event ends, which empties the list.
  const entries = [...dropped.items].map((one) => one.webkitGetAsEntry());
  if (!entries.some((one) => one?.isDirectory)) return [...dropped.files];
  const files = [];
  for (const one of entries) if (one) for await (const file of filesIn(one)) files.push(file);
  return files;
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
    // One that cannot be read arrives empty, which is refused with its name; the others go on.
    yield await new Promise((done) => found.file(done, () => done(new File([], entry.name))));
  } else {
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    for (let some = await read(reader); some.length > 0; some = await read(reader)) {
      for (const one of some) yield* filesIn(one, room);
    }
  }
}

/** @type {(reader: FileSystemDirectoryReader) => Promise<FileSystemEntry[]>} */
const read = (reader) => new Promise((done, fail) => reader.readEntries(done, fail));
