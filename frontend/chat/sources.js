/** Which passages the markers [1], [2] of an answer point at. Pure. */

import { citationIn } from "../shell/place.js";

/** @import { Annotation, Citation } from "../wire/shapes.js" */

/**
 * Give the sources of an answer by the number of their marker. The indices of an annotation count
 * characters (code points), as the server's language does, not the UTF-16 units of this one.
 * @param {string} content
 * @param {readonly Annotation[]} annotations
 * @returns {Map<number, Citation>}
 */
export function annotatedSources(content, annotations) {
  const characters = Array.from(content);
  /** @type {Map<number, Citation>} */
  const sources = new Map();
  for (const { url_citation: found } of annotations) {
    const marker = characters.slice(found.start_index, found.end_index).join("");
    const number = /^\[(\d{1,3})\]$/.exec(marker)?.[1];
    if (number) sources.set(Number(number), { title: found.title || found.url, url: found.url });
  }
  return sources;
}

/**
 * Give a source of a tool with its address: its own, or that of the passage of one's own.
 * @param {Citation} source
 * @returns {Citation}
 */
export const addressed = ({ id = "", title, url }) => ({
  title,
  url: url || (id && new URL(`/api/citations/${id}`, location.origin).href),
});

/**
 * Give the short name of a web address for people: its host; "" for a passage of one's own.
 * @param {string} address
 */
export function hostOf(address) {
  return URL.canParse(address) && !citationIn(address)
    ? new URL(address).host.replace(/^www\./, "")
    : "";
}
