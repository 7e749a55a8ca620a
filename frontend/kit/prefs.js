/** Small choices that this browser remembers, never anything secret. */

/**
 * @typedef {"theme" | "language" | "model" | "mode" | "panel" | "session"} PrefName
 * "session" says only that a log-in may be renewed, so that a first visit asks for nothing, or is to be ended.
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
