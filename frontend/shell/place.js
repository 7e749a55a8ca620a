/** Which conversation the address of the page names: #/c/ID, or none. Pure. */

/**
 * Give the address of a conversation; "" is a new one.
 * @param {string} id
 */
export const addressOf = (id) => (id ? `#/c/${encodeURIComponent(id)}` : "#/");

/**
 * Give the conversation that an address names, "" for none.
 * @param {string} hash
 */
export function conversationIn(hash) {
  const named = /^#\/c\/([^/]+)$/.exec(hash)?.[1] ?? "";
  try {
    return decodeURIComponent(named);
  } catch {
    return "";
  }
}
