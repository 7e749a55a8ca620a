/** One file that goes with the next question, from the first byte sent until it is read. */

import { factsOf, isFinal } from "../files/file-item.js";
import { Moving } from "../files/moving.js";
import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { sleep } from "../wire/ask.js";
import { ApiError } from "../wire/events.js";
import { getFile } from "../wire/server.js";
import { isPicture } from "./attached.js";

const LOOK_AGAIN_MS = 700;
const UNREAD = { progress: 0, pages: 0, chars: 0, reason: "", note: "", state: "queued" };

/** Its chip above the message box. */
export class AttachedChip extends Moving {
  #parts;
  #name;
  /** @type {StoredFile | null | undefined} undefined until it is known, null when it is gone */
  file;

  /**
   * @param {AttachmentParts} parts
   * @param {string} name
   * @param {() => void} onClose
   */
  constructor(parts, name, onClose) {
    super(parts.uploads, name, text.detach, onClose);
    this.#parts = parts;
    this.#name = name;
  }

  /** What the question waits for: "busy" on its way, "failed", or "ready". */
  get state() {
    const { file } = this;
    if (!file) return file === null || this.upload?.state === "failed" ? "failed" : "busy";
    if (this.#isSeen) return "ready";
    if (!isFinal(file)) return "busy";
    return file.state === "ready" && file.chars > 0 ? "ready" : "failed";
  }

  get #isSeen() {
    return isPicture(this.#name) && this.#parts.pickers.sees;
  }

  /** @type {(file: File, onChange: () => void) => void} send it, then look how it is read */
  begin(file, onChange) {
    if (isPicture(file.name)) {
      const picture = el("img", { src: URL.createObjectURL(file), alt: "" });
      picture.onload = picture.onerror = () => URL.revokeObjectURL(picture.src);
      this.element.prepend(picture);
    }
    this.send(file, ({ state, fileId }) => {
      const known = { ...UNREAD, file_id: fileId, filename: file.name, size: file.size };
      if (state === "sent") this.follow(known, onChange);
      else onChange();
    });
  }

  /** @type {(file: StoredFile, onChange: () => void) => Promise<void>} look how a file is read */
  async follow(file, onChange) {
    this.file = file;
    onChange();
    const page = byId("page", HTMLElement);
    while (this.file && !isFinal(this.file)) {
      await sleep(LOOK_AGAIN_MS);
      if (!this.element.isConnected) return;
      if (page.hidden) continue; // somebody has to log in first
      this.file = await getFile(this.#parts.api, file.file_id).catch((error) =>
        error instanceof ApiError && error.status === 404 ? null : file,
      );
      onChange();
    }
  }

  /** Show how it stands now. */
  update() {
    const { file, state } = this;
    if (file === undefined) return this.show();
    const empty = state === "failed" && file?.state === "ready";
    const facts = file ? (empty && (file.note || text.noText)) || factsOf(file) : text.fileGone;
    const blind = isPicture(this.#name) && !this.#isSeen ? ` · ${text.readAsText}` : "";
    this.show(state, this.#isSeen ? "" : facts + blind, file?.progress);
  }
}
