/** One quiet line at the top for what went wrong. */

import { iconButton } from "../kit/buttons.js";
import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";

/** Shows one message at a time until it is dismissed or the next thing is tried. */
export class Banner {
  #host = byId("banner", HTMLElement);

  /** @param {string} message */
  show(message) {
    const dismiss = iconButton("close", text.dismiss, () => this.clear());
    this.#host.replaceChildren(el("p", {}, message), dismiss);
    this.#host.hidden = false;
  }

  clear() {
    this.#host.hidden = true;
    this.#host.replaceChildren();
  }
}
