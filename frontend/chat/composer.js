/** The box for the next message and the files that go with it. Its text is the draft, which stays until it is sent. */

import { laterUploads } from "../files/later-files.js";
import { announce, byId } from "../kit/dom.js";
import { isSendKey } from "../kit/keys.js";
import { text } from "../strings.js";
import { Attachments } from "./attachments.js";
import { Drafts } from "./drafts.js";
import { Scope } from "./scope.js";
import { SendButton } from "./send-button.js";

const MOST_ROWS = 10;
const GROWS_ITSELF = CSS.supports("field-sizing", "content");

/** Takes messages. */
export class Composer {
  #field = byId("message", HTMLTextAreaElement);
  #button = new SendButton();
  #running = false;
  #stopping = false;
  #waiting = false;
  #does;

  /** @param {ComposerParts} parts */
  constructor({ api, pickers, onError, ...does }) {
    this.#does = does;
    this.drafts = new Drafts(this);
    this.uploads = laterUploads(api);
    this.scope = new Scope(api, onError);
    this.attachments = new Attachments({
      ...{ api, uploads: this.uploads, pickers },
      ...{ onChange: () => this.#filesChanged(), onFail: () => this.#wait(false) },
    });
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    byId("skip", HTMLButtonElement).addEventListener("click", () => this.focus());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#mayStop(event)) this.#stop();
    });
    byId("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#waiting) this.#wait(false);
      else if (this.#running) this.#stop();
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
    this.#changed();
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
    this.#stopping = false;
    this.#wait(false);
  }

  /** @type {(words: string, files: readonly StoredFile[]) => void} take back what could not be sent, before what was written since */
  restore(words, files) {
    this.draft = [words, this.draft].filter(Boolean).join("\n\n");
    this.attachments.attach(files);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const leaves = event.key === "Escape" && this.#waiting;
    const edits = event.key === "ArrowUp" && !this.draft;
    if (!isSendKey(event) && !leaves && !edits) return;
    event.preventDefault(); // Escape would stop an answer as well
    if (leaves) this.#wait(false);
    else if (edits) this.#does.onEditLast();
    else this.#send();
  }

  /** @param {KeyboardEvent} event */
  #mayStop({ target, isComposing, defaultPrevented }) {
    if (!this.#running || isComposing || defaultPrevented) return false;
    if (document.querySelector("dialog[open], :popover-open")) return false;
    const main = byId("main", HTMLElement);
    return target === document.body || main.contains(/** @type {Node} */ (target));
  }

  #stop() {
    if (this.#stopping) return;
    this.#stopping = true;
    if (this.#button.focused) this.focus(); // it will be off
    this.#update();
    announce(text.stopping);
    this.#does.onStop();
  }

  /** Send, as soon as all files that go with it have been read. */
  #send() {
    const words = this.draft.trim();
    const { attachments } = this;
    if (words && this.#running) announce(text.busy);
    if (!words || this.#running) return;
    this.#wait(attachments.state === "busy");
    if (attachments.state === "failed") attachments.say(text.filesFailed);
    if (attachments.state !== "ready") return;
    const { files } = attachments;
    this.draft = "";
    attachments.clear();
    this.#does.onSend(words, files, this.drafts.wayBack(words, files));
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

  #changed() {
    this.drafts.keep();
    this.#update();
  }

  #update() {
    const state = this.#stopping ? "stopping" : this.#running ? "stop" : "send";
    const off = this.#running ? this.#stopping : !this.draft.trim();
    this.#button.show(this.#waiting ? "waiting" : state, off && !this.#waiting);
    if (!GROWS_ITSELF) this.#field.rows = Math.min(this.draft.split("\n").length, MOST_ROWS);
  }
}
