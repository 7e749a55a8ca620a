/** Puts the texts of the table into the fixed parts of the page. */

import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

/** @import { IconName } from "../kit/icons.js" */

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
