/**
 * Finds links in Markdown, says which addresses may become one, and what an address names: a
 * conversation (#/c/ID), a citation, an artifact, or nothing. Pure.
 */

const LABEL = String.raw`((?:[^[\]\\]|\\.|\[[^[\]]{0,300}\]){0,1000})`;
const PLACE = String.raw`<?([^\s()<>]{0,2000}(?:\([^\s()<>]{0,500}\)[^\s()<>]{0,500}){0,4})>?`;
const LINK = new RegExp(String.raw`!?\[${LABEL}\]\(\s*${PLACE}(?:\s+"[^"\n]{0,300}")?\s*\)`, "y");
const BRACKETED = /<(https?:\/\/[^\s<>"`]{1,2000})>/y;
const BARE = /https?:\/\/[^\s<>"`]{1,2000}/y;

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

/**
 * Read `[label](address)` at a place; an image `![label](address)` is a link as well.
 * @type {(source: string, at: number) => FoundLink | null}
 */
export function linkAt(source, at) {
  LINK.lastIndex = at;
  const found = LINK.exec(source);
  if (!found) return null;
  const [whole, label = "", href = ""] = found;
  return { label: label || href, href, next: at + whole.length };
}

/**
 * Read an address that stands in the text as it is, or between angle brackets.
 * @type {(source: string, at: number) => FoundLink | null}
 */
export function addressAt(source, at) {
  BRACKETED.lastIndex = at;
  const bracketed = BRACKETED.exec(source);
  if (bracketed) {
    const href = bracketed[1] ?? "";
    return isWebAddress(href) ? { label: href, href, next: at + bracketed[0].length } : null;
  }
  BARE.lastIndex = at;
  const bare = /\w/.test(source[at - 1] ?? "") ? null : BARE.exec(source);
  if (!bare) return null;
  const href = withoutTail(bare[0]);
  return isWebAddress(href) ? { label: href, href, next: at + href.length } : null;
}

/**
 * Leave out what ends the sentence or closes a bracket that was opened before the address.
 * @param {string} address
 */
function withoutTail(address) {
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
