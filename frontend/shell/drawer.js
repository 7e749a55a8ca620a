/** On a narrow screen the list of conversations is a drawer over the page; here it opens and closes. */

import { byId } from "../kit/dom.js";

const NARROW = "(max-width: 800px)";

/** Opens and closes the drawer; what cannot be seen cannot be reached by keyboard either. */
export class Drawer {
  #drawer = byId("sidebar", HTMLElement);
  #main = byId("main", HTMLElement);
  #shade = byId("shade", HTMLElement);
  #opener = byId("open-menu", HTMLButtonElement);
  #narrow = matchMedia(NARROW);
  #open = false;

  constructor() {
    this.#opener.addEventListener("click", () => this.#set(true));
    byId("close-menu", HTMLButtonElement).addEventListener("click", () => this.close());
    this.#shade.addEventListener("click", () => this.close());
    this.#drawer.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.#narrow.addEventListener("change", () => this.#set(false));
    this.#set(false);
  }

  /** Close it; the focus goes back to the button that opened it. */
  close() {
    if (!this.#open) return;
    this.#set(false);
    this.#opener.focus();
  }

  /** @param {boolean} open */
  #set(open) {
    this.#open = open && this.#narrow.matches;
    this.#drawer.classList.toggle("open", this.#open);
    this.#drawer.inert = this.#narrow.matches && !this.#open;
    this.#main.inert = this.#open;
    this.#shade.hidden = !this.#open;
    this.#opener.setAttribute("aria-expanded", String(this.#open));
    if (this.#open) byId("close-menu", HTMLButtonElement).focus();
  }
}
