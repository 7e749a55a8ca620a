/** The list item of a file on its way to the server: how far it is, or why it did not arrive. */

import { el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { row } from "./file-item.js";

/** One file on its way. */
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
    this.#words?.replaceChildren(words);
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
