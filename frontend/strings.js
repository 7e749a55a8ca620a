/** The texts of the page in its language, which early.js has chosen; in English where there are none. */

import { text as english } from "./strings/en.js";

/** Each language by its tag, named in itself. Each has a table; that of English is always there. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

/** Nowhere but in a browser is there anything to choose by. */
const root = globalThis.document?.documentElement ?? { lang: "en" };

/** @type {{ text: typeof english } | null} */
const table =
  root.lang === "en" ? null : await import(`./strings/${root.lang}.js`).catch(() => null);

if (!table) root.lang = "en";

export const language = root.lang;

export const text = table?.text ?? english;

/**
 * Give a text from a table of texts by a word that came from the server, or the word itself.
 * @param {Record<string, string>} table
 * @param {string} word
 */
export const named = (table, word) => (Object.hasOwn(table, word) ? (table[word] ?? word) : word);
