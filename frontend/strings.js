/** The texts of the page in the language that was chosen, else in the first of the browser's that is there. */

import { readPref } from "./kit/prefs.js";
import { text as english } from "./strings/en.js";

/** Each language by its tag, named in itself. */
export const LANGUAGES = /** @type {const} */ ({ en: "English" });

/** @typedef {keyof typeof LANGUAGES} Language */

/** @returns {Language} */
function choose() {
  const wanted = [readPref("language"), ...(globalThis.navigator?.languages ?? [])];
  const known = wanted.map((tag) => tag.slice(0, 2)).find((tag) => Object.hasOwn(LANGUAGES, tag));
  return /** @type {Language} */ (known ?? "en");
}

export const language = choose();

export const text = english;

/**
 * Give a text from a table of texts by a word that came from the server, or the word itself.
 * @param {Record<string, string>} table
 * @param {string} word
 */
export const named = (table, word) => (Object.hasOwn(table, word) ? (table[word] ?? word) : word);
