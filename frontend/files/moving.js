/** Files on their way: to the server, and those that go with a question until they are read. */

import { announce, byId, el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { sleep } from "../wire/ask.js";
import { getFile } from "../wire/server.js";
import { isPicture, pictureOf } from "./attached.js";
import { factsOf, isFinal, row } from "./file-item.js";

const LOOK_AGAIN_MS = 700;
const UNREAD = { kind: "", progress: 0, pages: 0, chars: 0, reason: "", note: "", state: "queued" };

/** The list item of a file on its way: how far it is, or why it did not arrive. */
export class Moving {
  #uploads;
  #bar;
  #words;
  #again;
  /** @type {Upload | undefined} */
  upload;

  /**
   * @param {Uploads} uploads
   * @param {string} name
   * @param {string} close what its last button does
   * @param {() => void} onClose
   */
  constructor(uploads, name, close, onClose) {
    this.#uploads = uploads;
    const body = row(false, name, "");
    this.#words = body.lastElementChild;
    this.#bar = el("progress", { max: "1", "aria-label": name });
    body.append(this.#bar);
    const last = iconButton("close", `${close}: ${name}`, onClose);
    this.#again = iconButton("again", `${text.tryAgain}: ${name}`, () => {
      last.focus(); // this button goes away
      if (this.upload) uploads.send(this.upload);
    });
    this.element = el("li", {}, body, this.#again, last);
  }

  /** @type {(file: File, onChange: (upload: Upload) => void) => void} */
  send(file, onChange) {
    this.upload = this.#uploads.add(file, onChange);
  }

  /** Give it up. */
  end() {
    this.upload?.stop.abort();
    this.element.remove();
  }

  /** @type {(state?: string, words?: string, share?: number) => void} show how far it is */
  show(state = this.upload?.state, words = this.#told, share = this.upload?.share) {
    const failed = state === "failed";
    this.element.className = failed ? "failed" : "";
    if (this.#words?.textContent !== words) this.#words?.replaceChildren(words);
    this.#words?.setAttribute("role", failed ? "alert" : "none");
    this.#bar.hidden = failed || state === "ready";
    this.#bar.value = share ?? 0;
    this.#again.hidden = this.upload?.state !== "failed";
  }

  get #told() {
    const { state = "", share = 0, reason = "" } = this.upload ?? {};
    return reason || (state === "sending" ? text.uploading(share) : text.uploadWaits);
  }
}

/** The chip of a file that goes with the next question. */
export class AttachedChip extends Moving {
  #parts;
  #name;
  /** @type {StoredFile | null | undefined} undefined until it is known, null when it is gone */
  file;

  /**
   * @param {ChipParts} parts
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
      pictureOf(file, "").then((picture) => this.element.prepend(picture ?? ""));
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
        error.status === 404 ? null : this.file,
      );
      onChange();
    }
    const listed = byId("file-list", HTMLElement).checkVisibility(); // it says so itself
    if (this.state === "ready" && !listed) announce(`${this.#name}: ${text.fileStates.ready}`);
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
