/**
 * Finds addresses in text, says which addresses may become one, and what an address names: a
 * conversation (#/c/ID), a citation, an artifact, or nothing. Pure.
 */

const NAMED =
  /(?<!\w)\[(\d{1,3})\](?!\()|【(\d{1,3})(?:†[^】\n]{0,80})?】|(?<!\w)https?:\/\/[^\s<>"`]{1,2000}/g;

/**
 * Whether an address may become a link: only the web, nothing that runs or reads files.
 * @param {string} address
 */
export function isWebAddress(address) {
  return /^https?:\/\//i.test(address) && URL.canParse(address);
}

/**
 * Give the artifact that an address names, "" for none: its host and its key do not matter, as it is
 * opened on our own origin.
 * @param {string} address
 */
export const artifactIn = (address) =>
  /^[^?#]*\/api\/artifacts\/(art_[\w-]+)(?:[?#]|$)/.exec(address)?.[1] ?? "";

/** @type {(words: string) => Iterable<RegExpExecArray>} find web addresses, `[1]` and 【1】 in a text */
export const addressesAndMarkers = (words) => words.matchAll(NAMED);

/**
 * Leave out what ends the sentence or closes a bracket that was opened before the address.
 * @param {string} address
 */
export function withoutTail(address) {
  let end = address.length;
  let unopened = address.split(")").length - address.split("(").length;
  while (/[.,;:!?\]}'*_~)]/.test(address[end - 1] ?? "")) {
    if (address[end - 1] === ")" && unopened-- <= 0) break;
    end -= 1;
  }
  return address.slice(0, end);
}

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
