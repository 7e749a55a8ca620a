/** What can be done with a file beyond looking at it. */

import { el } from "../kit/dom.js";
import { deleteFile, original, readAgain } from "../wire/files.js";

/** @import { Api } from "../api.js" */
/** @import { FileAction } from "./file-item.js" */
/** @import { StoredFile } from "../wire/shapes.js" */

const KEPT_MS = 60_000;

/**
 * Erase a file, have it read anew, or save what was uploaded.
 * @param {Api} api
 * @param {FileAction} action
 * @param {Pick<StoredFile, "file_id" | "filename">} file
 */
export async function carryOut(api, action, { file_id: id, filename }) {
  if (action === "remove") await deleteFile(api, id);
  else if (action === "readAgain") await readAgain(api, id);
  else {
    const href = URL.createObjectURL(await original(api, id));
    el("a", { href, download: filename }).click();
    setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
  }
}
