/** Which part of a page a passage is. Pure. */

/**
 * Cut the text of a page into what stands before a passage, what of the passage is on it, and what
 * comes after. Places count characters (code points) of the whole text, as the server does.
 * @param {{ text: string, start: number }} page
 * @param {{ start: number, end: number }} passage
 * @returns {string[]}
 */
export function markedPage({ text, start }, passage) {
  const characters = Array.from(text);
  const from = Math.max(passage.start - start, 0);
  const to = Math.max(passage.end - start, from);
  const parts = [characters.slice(0, from), characters.slice(from, to), characters.slice(to)];
  return parts.map((one) => one.join(""));
}
