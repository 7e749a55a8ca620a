/** What is shown of a file, and of a passage that was found in one. */

import { confirmDanger } from "../kit/dialogs.js";
import { el, iconButton, saveAs } from "../kit/dom.js";
import { named, text } from "../strings.js";
import { deleteFile, original, readAgain } from "../wire/server.js";
import { sizeOf } from "./artifact.js";

/** @param {StoredFile} file */
export const isFinal = ({ state }) => state === "ready" || state === "failed";

/**
 * Tell size and pages of a file that is ready, or in which state it is.
 * @param {StoredFile} file
 */
export function factsOf({ state, reason, progress, size, pages, note }) {
  const words = named(text.fileStates, state);
  if (state === "failed") return reason || words;
  if (state === "queued") return words;
  if (state !== "ready") return `${words}, ${Math.round(progress * 100)} %`;
  return [sizeOf(size), pages > 0 && text.pageCount(pages), note].filter(Boolean).join(" · ");
}

/**
 * Make the list item of a file.
 * @param {StoredFile} file
 * @param {(action: FileAction, file: StoredFile) => void} act
 */
export function fileItem(file, act) {
  const { file_id: id, filename: name, state, progress } = file;
  const body = row(() => act("show", file), name, factsOf(file));
  if (!isFinal(file)) {
    body.append(el("progress", { max: "1", value: String(progress), "aria-label": name }));
  }
  const erase = iconButton("trash", `${text.remove}: ${name}`, async () => {
    const asked = { title: text.removeFile, body: text.removeFileBody(name), action: text.remove };
    if (await confirmDanger(asked)) act("remove", file);
  });
  const again = () =>
    iconButton("again", `${text.readAgain}: ${name}`, () => act("readAgain", file));
  const get = iconButton("download", `${text.download}: ${name}`, () => act("download", file));
  const attach = () =>
    iconButton("paperclip", `${text.attachFile}: ${name}`, () => act("attach", file));
  const buttons = [state === "failed" ? again() : attach(), get, erase];
  return el("li", { class: state, "data-id": id }, body, ...buttons);
}

/**
 * Give the focus to what had it before the list was drawn again, or to the list when that is gone.
 * @param {HTMLElement} list
 * @param {Element} had
 */
export function focusAgain(list, had) {
  const item = /** @type {HTMLElement} */ (had.closest("li"));
  const same = list.querySelector(`[data-id="${item.dataset.id}"]`);
  const again = same?.children[[...item.children].indexOf(had)];
  (again instanceof HTMLElement ? again : list).focus();
}

/**
 * Make the list item of a passage.
 * @param {Passage} passage
 * @param {() => void} onShow
 */
export const passageItem = ({ filename, page, text: words }, onShow) =>
  el("li", {}, row(onShow, text.place(filename, page), words));

/**
 * Make the two lines of an item, as a button when they open something.
 * @param {(() => void) | false} onShow
 * @param {string} name
 * @param {string} facts
 */
export function row(onShow, name, facts) {
  const title = el("span", { class: "file-name", dir: "auto", title: name }, name);
  const words = el("span", { class: "file-facts", dir: "auto" }, facts);
  const body = el(onShow ? "button" : "div", { class: "file-body" }, title, words);
  if (onShow) body.addEventListener("click", onShow);
  return body;
}

/**
 * Erase a file, have it read anew, or save what was uploaded.
 * @param {Api} api
 * @param {FileAction} action
 * @param {Pick<StoredFile, "file_id" | "filename">} file
 */
export async function carryOut(api, action, { file_id: id, filename }) {
  if (action === "remove") await deleteFile(api, id);
  else if (action === "readAgain") await readAgain(api, id);
  else saveAs(await original(api, id), filename);
}
