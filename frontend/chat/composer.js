/** The box for the next message and the files that go with it. */

import { Uploads } from "../files/uploads.js";
import { byId } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";
import { Attachments } from "./attachments.js";
import { Scope } from "./scope.js";

const MOST_ROWS = 10;
const GROWS_ITSELF = CSS.supports("field-sizing", "content");

/** Takes messages; its text is the draft. */
export class Composer {
  #field = byId("message", HTMLTextAreaElement);
  #button = byId("send", HTMLButtonElement);
  #running = false;
  #waiting = false;
  #onSend;

  /** @param {ComposerParts} parts */
  constructor({ api, pickers, onSend, onStop, onError }) {
    this.#onSend = onSend;
    this.uploads = new Uploads(api);
    this.scope = new Scope(api, onError);
    this.attachments = new Attachments({
      ...{ api, uploads: this.uploads, pickers },
      onChange: () => this.#filesChanged(),
    });
    this.#field.addEventListener("input", () => this.#update());
    this.#field.addEventListener("keydown", (event) => {
      // While an input method composes a word, Enter belongs to it.
      if (event.isComposing || event.shiftKey) return;
      if (event.key === "Escape") this.#wait(false);
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#send();
    });
    byId("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#waiting) this.#wait(false);
      else if (this.#running) onStop();
      else this.#send();
    });
    this.#update();
  }

  /** What has been written and not been sent. */
  get draft() {
    return this.#field.value;
  }

  set draft(words) {
    this.#field.value = words;
    this.#update();
  }

  /** Whether nobody is writing or doing anything else on the page. */
  get idle() {
    const { activeElement: focused, body } = document;
    return focused === body || (focused === this.#field && !this.draft);
  }

  /** Take the keyboard; on a touch screen that would cover half of the page. */
  focus() {
    if (matchMedia("(pointer: fine)").matches) this.#field.focus();
  }

  /** @type {(running: boolean) => void} turn the button into the one that stops, or back */
  setRunning(running) {
    this.#running = running;
    this.#wait(false);
  }

  /** @type {(words: string, files: readonly StoredFile[]) => void} take back what could not be sent */
  restore(words, files) {
    this.draft ||= words;
    this.attachments.attach(files);
  }

  /** Send, as soon as all files that go with it have been read. */
  #send() {
    const words = this.draft.trim();
    const { attachments } = this;
    if (!words || this.#running) return;
    this.#wait(attachments.state === "busy");
    if (attachments.state === "failed") attachments.say(text.filesFailed);
    if (attachments.state !== "ready") return;
    const { files } = attachments;
    this.draft = "";
    attachments.clear();
    this.#onSend(words, files);
  }

  /** @param {boolean} waiting */
  #wait(waiting) {
    if (this.#waiting !== waiting) this.attachments.say(waiting ? text.filesUnread : "");
    this.#waiting = waiting;
    this.#field.readOnly = waiting;
    this.#update();
  }

  #filesChanged() {
    this.scope.show(this.attachments.files);
    if (this.#waiting && this.attachments.state !== "busy") this.#send();
  }

  #update() {
    const stops = this.#running || this.#waiting;
    const label = this.#waiting ? text.waitNoMore : stops ? text.stop : text.send;
    if (this.#button.title !== label) {
      this.#button.replaceChildren(icon(stops ? "stop" : "send"));
      this.#button.title = label;
      this.#button.setAttribute("aria-label", label);
    }
    this.#button.disabled = !stops && !this.draft.trim();
    if (!GROWS_ITSELF) this.#field.rows = Math.min(this.draft.split("\n").length, MOST_ROWS);
  }
}
