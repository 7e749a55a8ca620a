/** The files that are on their way to the documents, above the list of those that are there. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";
import { Moving } from "./moving.js";

/** Uploads files and shows each until it has arrived. */
export class Arrivals {
  #uploads;
  #title;
  #host = byId("uploads", HTMLElement);
  /** @type {Set<Moving>} */
  #moving = new Set();

  /**
   * @param {Uploads} uploads
   * @param {HTMLElement} title takes the focus from what goes
   */
  constructor(uploads, title) {
    this.#uploads = uploads;
    this.#title = title;
  }

  /** @param {readonly File[]} files */
  add(files) {
    for (const file of files) {
      const one = new Moving(this.#uploads, file.name, text.cancel, () => {
        this.#end(one);
        this.#title.focus();
      });
      this.#moving.add(one);
      this.#host.append(one.element);
      one.send(file, ({ state }) => (state === "sent" ? this.#end(one) : one.show(state)));
    }
  }

  /** Let all go. */
  clear() {
    for (const one of this.#moving) this.#end(one);
  }

  /** @param {Moving} one */
  #end(one) {
    one.end();
    this.#moving.delete(one);
  }
}
