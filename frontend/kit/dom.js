/** Makes and finds elements and buttons. Text always goes in as text, never as markup. */

import { text } from "../strings.js";
import { icon } from "./icons.js";

/**
 * Make an element; an attribute that is true stands without a value, false leaves it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/**
 * Find an element of the page that must be there.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`the page has no #${id} of its kind`);
  return found;
}

/**
 * Tell people who do not see the page what has happened.
 * @param {string} words
 */
export const announce = (words) => byId("status", HTMLElement).replaceChildren(words);

/** Screens on which panels lie over the conversation; the style sheets have the same number. */
export const NARROW = "(max-width: 800px)";

/**
 * Wait for a style sheet of a part of the page that is loaded when it is wanted.
 * @param {string} name
 */
export function styled(name) {
  const href = `styles/${name}.css`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = el("link", { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((done) => {
    link.onload = link.onerror = () => done(undefined);
  });
}

const KEPT_MS = 60_000;

/** @type {(blob: Blob, filename: string) => void} save as a download */
export function saveAs(blob, filename) {
  const href = URL.createObjectURL(blob);
  el("a", { href, download: filename }).click();
  setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
}

/**
 * Make a link that opens elsewhere and tells nobody where it was clicked.
 * @param {string} href a web address that was checked
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function outsideLink(href, attributes, ...children) {
  const safe = { href, target: "_blank", rel: "noopener noreferrer", ...attributes };
  return el("a", safe, ...children);
}

const SHOWN_MS = 1600;

/**
 * Make a button that shows only an icon.
 * @param {IconName} name
 * @param {string} label what it does, for readers and as a hint
 * @param {() => void} onClick
 */
export function iconButton(name, label, onClick) {
  const attributes = { type: "button", class: "icon-button", "aria-label": label, title: label };
  const button = el("button", attributes, icon(name));
  button.addEventListener("click", onClick);
  return button;
}

/**
 * Make a button that copies a text and says so for a moment.
 * @param {() => string} source asked when it is pressed
 */
export function copyButton(source) {
  const button = iconButton("copy", text.copy, async () => {
    const done = await copied(source());
    button.replaceChildren(icon(done ? "check" : "close"));
    button.setAttribute("aria-label", done ? text.copied : text.notCopied);
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      button.setAttribute("aria-label", text.copy);
    }, SHOWN_MS);
  });
  return button;
}

/**
 * Copy; on plain http beyond localhost browsers only offer the old way, through a selection.
 * @param {string} value
 */
async function copied(value) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(value).then(
      () => true,
      () => false,
    );
  }
  const field = el("textarea", { class: "visually-hidden", readonly: true }, value);
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
