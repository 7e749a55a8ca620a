/**
 * What was seen in a conversation: sources, files of tools, and the hosts that answers may link to.
 * A host nobody named can only come from the model, and its address may carry something out. Pure.
 */

import { text } from "../strings.js";
import { citationIn } from "../text/links.js";

const ADDRESS = /https?:\/\/[^\s<>"'`()[\]{}]+/gi;
const NAME = /(?<![\p{L}\p{N}.-])(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}[\p{L}\p{N}-]{1,62}/gu;
// Endings of files that are endings of hosts as well: "README.md" names no host.
const FILE = /\.(?:md|mov|pl|ps|py|rs|sh|zip)$/i;

/** Collects what was seen. */
export class Known {
  /** @type {Set<string>} */
  #hosts = new Set();
  /** @type {Map<string, Artifact>} */
  #artifacts = new Map();

  /** How much is known; it changes when something new is seen. */
  get size() {
    return this.#hosts.size + this.#artifacts.size;
  }

  /** @type {(words: string) => void} take note of the hosts in the user's own words */
  hear(words) {
    for (const [address] of words.matchAll(ADDRESS)) this.#add(address);
    for (const [name] of words.replace(ADDRESS, " ").matchAll(NAME)) {
      if (!FILE.test(name)) this.#add(`https://${name}`);
    }
  }

  /** @type {(result: Brought) => void} take note of what a tool brought */
  note({ hosts = [], citations = [], artifacts = [] }) {
    for (const host of hosts) this.#add(`https://${host}`);
    for (const { url = "" } of citations) this.#add(url);
    for (const one of artifacts) this.#artifacts.set(one.id, one);
  }

  /**
   * Whether an address may become a link: on a host that was seen or our own, and without a user
   * name in front of it, which only misleads.
   * @param {string} address
   */
  allows(address) {
    if (!URL.canParse(address)) return false;
    const { origin, username, password } = new URL(address);
    if (username || password) return false;
    return origin === location.origin || this.#hosts.has(hostIn(address));
  }

  /** @param {string} id */
  artifact(id) {
    return this.#artifacts.get(id);
  }

  /** @param {string} address */
  #add(address) {
    const host = hostIn(address);
    if (host) this.#hosts.add(host);
  }
}

/**
 * Give the host of a web address as browsers read it, "" for none. Look-alike letters stay apart.
 * @param {string} address
 */
function hostIn(address) {
  const host = /^https?:/i.test(address) && URL.canParse(address) ? new URL(address).hostname : "";
  return host.replace(/^www\.|\.$/g, "");
}

/**
 * Give the sources of an answer by the number of their marker. The indices of an annotation count
 * characters (code points), as the server's language does, not the UTF-16 units of this one.
 * @type {(content: string, annotations: readonly Annotation[]) => Map<number, Citation>}
 */
export function annotatedSources(content, annotations) {
  const characters = Array.from(content);
  /** @type {Map<number, Citation>} */
  const sources = new Map();
  for (const { url_citation: found } of annotations) {
    const marker = characters.slice(found.start_index, found.end_index).join("");
    const number = /^\[(\d{1,3})\]$/.exec(marker)?.[1];
    if (number) sources.set(Number(number), { title: titled(found), url: found.url });
  }
  return sources;
}

/** @type {(source: { title: string, url: string }) => string} a place in one's own files in our words */
function titled({ title, url }) {
  const [, name, page] = (citationIn(url) && /^(.*), p\. (\d+)$/.exec(title)) || [];
  return name ? text.place(name, Number(page)) : title || url;
}

/**
 * Give a source of a tool with its address: its own, or that of the passage of one's own.
 * @param {Citation} source
 * @returns {Citation}
 */
export const addressed = ({ id = "", title, url: web }) => {
  const url = web || (id && new URL(`/api/citations/${id}`, location.origin).href);
  return { title: titled({ title, url }), url };
};

/** @type {(address: string) => string} the host for people, "" for a passage of one's own */
export const hostOf = (address) => (citationIn(address) ? "" : hostIn(address));
