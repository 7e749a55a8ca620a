/** What an address names: a conversation (#/c/ID), a citation, or nothing. Pure. */

/**
 * Give the address of a conversation; "" is a new one.
 * @param {string} id
 */
export const addressOf = (id) => (id ? `#/c/${encodeURIComponent(id)}` : "#/");

/**
 * Give the conversation that an address names, "" for none.
 * @param {string} hash
 */
export const conversationIn = (hash) => named(/^#\/c\/([^/]+)$/, hash);

/**
 * Give the citation that an address names, "" for none: the page's own #/citation/ID, or the link
 * that the server puts into answers.
 * @param {string} address
 */
export const citationIn = (address) =>
  named(/(?:#\/citation\/|\/api\/citations\/)(cit_[^/?#]+)$/, address);

/** @type {(pattern: RegExp, address: string) => string} */
function named(pattern, address) {
  try {
    return decodeURIComponent(pattern.exec(address)?.[1] ?? "");
  } catch {
    return "";
  }
}
