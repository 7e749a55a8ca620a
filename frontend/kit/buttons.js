/** Buttons that are an icon with a name, and the one that copies. */

import { text } from "../strings.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @import { IconName } from "./icons.js" */

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
  const field = el("textarea", { class: "visually-hidden", readonly: true });
  field.value = value;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
