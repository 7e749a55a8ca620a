/** The fixed parts of the page: texts, a line for what went wrong, the narrow drawer, dialogs. */

import { byId, el, iconButton } from "../kit/dom.js";
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
}

/**
 * @param {Element} element
 * @param {string} kind
 */
function named(element, kind) {
  return text[/** @type {Plain} */ (element.getAttribute(`data-${kind}`))];
}

/**
 * Ask for a text; null when the person changed their mind or gave none.
 * @type {(question: { title: string, label: string, value: string, action: string }) => Promise<string | null>}
 */
export async function askText({ title, label, value, action }) {
  const field = el("input", { required: true, maxlength: "200", autofocus: true, value });
  const body = el("label", { class: "field" }, el("span", {}, label), field);
  const agreed = ask(title, body, el("button", { class: "primary", value: "yes" }, action));
  field.select();
  return (await agreed) ? field.value.trim() || null : null;
}

/**
 * Ask whether to do what cannot be undone.
 * @type {(question: { title: string, body: string, action: string }) => Promise<boolean>}
 */
export function confirmDanger({ title, body, action }) {
  const button = el("button", { class: "danger", value: "yes" }, action);
  return ask(title, el("p", {}, body), button);
}

/** @type {(title: string, body: HTMLElement, action: HTMLButtonElement) => Promise<boolean>} */
function ask(title, body, action) {
  const back = el("button", { type: "button" }, text.cancel);
  const heading = el("h2", { id: "dialog-title" }, title);
  const buttons = el("div", { class: "dialog-buttons" }, back, action);
  const form = el("form", { method: "dialog" }, heading, body, buttons);
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, form);
  back.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}
