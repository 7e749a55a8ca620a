/** The button of the message box: it sends, stops an answer, or gives up waiting for files. */

import { byId } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

const LABELS = {
  send: text.send,
  stop: text.stop,
  stopping: text.stopping,
  waiting: text.waitNoMore,
};

/** Shows what pressing it would do. */
export class SendButton {
  #button = byId("send", HTMLButtonElement);

  get focused() {
    return document.activeElement === this.#button;
  }

  /** @type {(state: keyof typeof LABELS, off: boolean) => void} */
  show(state, off) {
    const label = LABELS[state];
    if (this.#button.title !== label) {
      this.#button.replaceChildren(icon(state === "send" ? "send" : "stop"));
      this.#button.title = label;
      this.#button.setAttribute("aria-label", label);
    }
    this.#button.disabled = off;
  }
}
