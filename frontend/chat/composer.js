/** The box for the next message. */

import { byId } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

const MOST_ROWS = 10;
const GROWS_ITSELF = CSS.supports("field-sizing", "content");

/** Takes messages; its text is the draft. */
export class Composer {
  #field = byId("message", HTMLTextAreaElement);
  #button = byId("send", HTMLButtonElement);
  #running = false;
  #onSend;

  /** @param {{ onSend: (text: string) => void, onStop: () => void }} does */
  constructor({ onSend, onStop }) {
    this.#onSend = onSend;
    this.#field.addEventListener("input", () => this.#update());
    this.#field.addEventListener("keydown", (event) => {
      // While an input method composes a word, Enter belongs to it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    byId("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#running) onStop();
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
    this.#update();
  }

  #send() {
    const words = this.draft.trim();
    if (!words || this.#running) return;
    this.draft = "";
    this.#onSend(words);
  }

  #update() {
    const label = this.#running ? text.stop : text.send;
    if (this.#button.title !== label) {
      this.#button.replaceChildren(icon(this.#running ? "stop" : "send"));
      this.#button.title = label;
      this.#button.setAttribute("aria-label", label);
    }
    this.#button.disabled = !this.#running && !this.draft.trim();
    if (!GROWS_ITSELF) this.#field.rows = Math.min(this.draft.split("\n").length, MOST_ROWS);
  }
}
