/** Small choices that this browser remembers, never anything secret; the theme is one of them. */

import { icon, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";

/**
 * @typedef {"theme" | "model" | "mode" | "session"} PrefName
 * "session" says only that a log-in may be renewed, so that a first visit asks for nothing.
 */

/**
 * Give a remembered choice, or "" when there is none or the browser keeps nothing.
 * @param {PrefName} name
 */
export function readPref(name) {
  try {
    return localStorage.getItem(`steward.${name}`) ?? "";
  } catch {
    return "";
  }
}

/**
 * Remember a choice; "" forgets it.
 * @param {PrefName} name
 * @param {string} value
 */
export function writePref(name, value) {
  try {
    localStorage.setItem(`steward.${name}`, value);
  } catch {
    // Storage is switched off; the choice lasts as long as the page.
  }
}

/** @typedef {"" | "light" | "dark"} Theme "" follows the system */

/** @type {readonly Theme[]} */
const THEMES = ["", "light", "dark"];
const ICONS = /** @type {const} */ ({ "": "system", light: "sun", dark: "moon" });

/** @returns {Theme} */
function chosen() {
  return THEMES.find((theme) => theme === readPref("theme")) ?? "";
}

/** @param {Theme} theme */
function show(theme) {
  document.documentElement.dataset.theme = theme;
}

/** Make the button that goes through the themes. */
export function themeButton() {
  let theme = chosen();
  const button = iconButton(ICONS[theme], text.theme[theme], () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "";
    writePref("theme", theme);
    show(theme);
    button.replaceChildren(icon(ICONS[theme]));
    button.title = text.theme[theme];
    button.setAttribute("aria-label", text.theme[theme]);
  });
  return button;
}

show(chosen());
