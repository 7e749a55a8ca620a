/** The texts of the log and the performance, in the language of the page; in English where there are none. */

import { language } from "../strings.js";
import { text as english } from "./inside-en.js";

/** @type {{ text: typeof english } | null} */
const table = language === "en" ? null : await import(`./inside-${language}.js`).catch(() => null);

export const text = table?.text ?? english;
