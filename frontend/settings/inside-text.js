/** The texts of the log and the performance, in the language of the page; in English where there are none. */

import { text as english } from "../strings/inside.en.js";
import { language } from "../strings.js";

/** @type {{ text: typeof english } | null} */
const table =
  language === "en" ? null : await import(`../strings/inside.${language}.js`).catch(() => null);

export const text = table?.text ?? english;
