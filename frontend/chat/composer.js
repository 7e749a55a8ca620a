/** The box for the next message. Its text is the draft, which stays until it is sent. */

import { announce, byId } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";
import { Drafts } from "./drafts.js";

const MOST_ROWS = 10;
const GROWS_ITSELF = CSS.supports("field-sizing", "content");

/** Takes messages. */
export class Composer {
  #field = byId("message", HTMLTextAreaElement);
  #button = byId("send", HTMLButtonElement);
  #drafts = new Drafts();
  #conversation = "";
  #running = false;
  #stopping = false;
  #does;

  /** @param {{ onSend: (text: string) => void, onStop: () => void, onEditLast: () => void }} does */
  constructor(does) {
    this.#does = does;
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => {
      if (isSendKey(event)) {
        event.preventDefault();
        this.#send();
      } else if (event.key === "ArrowUp" && !this.draft) {
        event.preventDefault();
        does.onEditLast();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#mayStop(event)) this.#stop();
    });
    byId("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#running) this.#stop();
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

  /** @type {(user: string) => void} keep drafts for a person; "" forgets them all */
  belongTo(user) {
    this.#drafts.belongTo(user);
    this.open("");
  }

  /** @type {(conversation: string) => void} go on with the draft of a conversation */
  open(conversation) {
    this.#conversation = conversation;
    this.draft = this.#drafts.read(conversation);
  }

  /** @type {(conversation: string) => void} keep the draft for it: it has just begun */
  begun(conversation) {
    if (conversation === this.#conversation) return;
    this.#drafts.write(this.#conversation, "");
    this.#conversation = conversation;
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
    this.#update();
  }

  /** @param {KeyboardEvent} event */
  #mayStop({ target, isComposing, defaultPrevented }) {
    if (!this.#running || isComposing || defaultPrevented) return false;
    if (document.querySelector("dialog[open], :popover-open")) return false;
    return (
      target === document.body || byId("main", HTMLElement).contains(/** @type {Node} */ (target))
    );
  }

  #stop() {
    if (this.#stopping) return;
    this.#stopping = true;
    if (document.activeElement === this.#button) this.focus(); // it will be off
    this.#update();
    announce(text.stopping);
    this.#does.onStop();
  }

  #send() {
    const words = this.draft.trim();
    if (words && this.#running) announce(text.busy);
    if (!words || this.#running) return;
    this.draft = "";
    this.#does.onSend(words);
  }

  #changed() {
    this.#drafts.write(this.#conversation, this.draft);
    this.#update();
  }

  #update() {
    const label = this.#stopping ? text.stopping : this.#running ? text.stop : text.send;
    if (this.#button.title !== label) {
      this.#button.replaceChildren(icon(this.#running ? "stop" : "send"));
      this.#button.title = label;
      this.#button.setAttribute("aria-label", label);
    }
    this.#button.disabled = this.#running ? this.#stopping : !this.draft.trim();
    if (!GROWS_ITSELF) this.#field.rows = Math.min(this.draft.split("\n").length, MOST_ROWS);
  }
}

/**
 * Whether a key sends: Enter, but not while an input method composes a word, where it belongs to that,
 * and not on a touch screen, where it is the only way to a new line.
 * @param {KeyboardEvent} event
 */
export function isSendKey({ key, shiftKey, ctrlKey, metaKey, isComposing, keyCode }) {
  if (key !== "Enter" || shiftKey || isComposing || keyCode === 229) return false;
  return ctrlKey || metaKey || !matchMedia("(hover: none) and (pointer: coarse)").matches;
}
