/** The theme: as the system, light or dark. */

import { iconButton } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";

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
