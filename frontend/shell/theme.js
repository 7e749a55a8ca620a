/** The theme: as the system, light or dark. */

import { iconButton } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";

/** @typedef {"" | "light" | "dark"} Theme "" follows the system */

/** @type {readonly Theme[]} */
const THEMES = ["", "light", "dark"];
const ICONS = /** @type {const} */ ({ "": "system", light: "sun", dark: "moon" });

/** The button that goes through the themes. */
export const themeButton = iconButton("system", text.theme, () =>
  setTheme(THEMES[THEMES.indexOf(theme()) + 1] ?? ""),
);

/** @returns {Theme} */
export const theme = () => known(document.documentElement.dataset.theme);

/** @param {string} wanted */
export function setTheme(wanted) {
  const next = known(wanted);
  document.documentElement.dataset.theme = next;
  writePref("theme", next);
  const label = `${text.theme}: ${text.themes[next]}`;
  themeButton.replaceChildren(icon(ICONS[next]));
  themeButton.title = label;
  themeButton.setAttribute("aria-label", label);
}

/** @param {string | undefined} wanted */
const known = (wanted) => THEMES.find((one) => one === wanted) ?? "";

setTheme(readPref("theme"));
