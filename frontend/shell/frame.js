/** The fixed parts of the page: texts, a line for what went wrong, the narrow drawer, dialogs. */

import { byId, el, iconButton, NARROW } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

/** Shows one message at a time until it is dismissed or the next thing is tried. */
export class Banner {
  #host = byId("banner", HTMLElement);

  /**
   * @param {string} message
   * @param {{ quiet?: boolean, extra?: Node[] }} [options] `quiet` for what is no failure of the person's
   */
  show(message, { quiet = false, extra = [] } = {}) {
    const dismiss = iconButton("close", text.dismiss, () => this.clear());
    this.#host.replaceChildren(el("p", {}, message), ...extra, dismiss);
    this.#host.classList.toggle("quiet", quiet);
    this.#host.hidden = false;
  }

  clear() {
    this.#host.hidden = true;
    this.#host.replaceChildren();
  }
}

/** Opens and closes the drawer; what cannot be seen cannot be reached by keyboard either. */
export class Drawer {
  #drawer = byId("sidebar", HTMLElement);
  #main = byId("main", HTMLElement);
  #shade = byId("shade", HTMLElement);
  #opener = byId("open-menu", HTMLButtonElement);
  #narrow = matchMedia(NARROW);
  #open = false;

  constructor() {
    this.#opener.addEventListener("click", () => this.open());
    byId("close-menu", HTMLButtonElement).addEventListener("click", () => this.close());
    this.#shade.addEventListener("click", () => this.close());
    this.#drawer.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.#drawer.addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("a")) this.close(); // a choice was made
    });
    this.#narrow.addEventListener("change", () => this.#set(false));
    this.#set(false);
  }

  /** Open it, where it is one. */
  open() {
    this.#set(true);
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

/** @typedef {Extract<{ [K in keyof typeof text]: (typeof text)[K] extends string ? K : never }[keyof typeof text], string>} Plain */

/**
 * Fill elements that name their text: `data-text` in place of what the file shows until then,
 * `data-label` as the name for readers, `data-hint` as a placeholder, `data-icon` as a drawing.
 * @param {ParentNode} root
 */
export function fillTexts(root) {
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = named(element, "text");
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", named(element, "label"));
  }
  for (const element of root.querySelectorAll("[data-hint]")) {
    element.setAttribute("placeholder", named(element, "hint"));
  }
  for (const element of root.querySelectorAll("[data-icon]")) {
    const name = /** @type {IconName} */ (element.getAttribute("data-icon"));
    element.prepend(icon(name));
  }
  delete document.documentElement.dataset.untold;
}

/**
 * @param {Element} element
 * @param {string} kind
 */
function named(element, kind) {
  return text[/** @type {Plain} */ (element.getAttribute(`data-${kind}`))];
}
