/** Tells which blocks of a growing Markdown text can change no more. Pure. */

import { parseBlocks } from "./blocks.js";

/** @import { Progress } from "./shapes.js" */

/**
 * Cut a text into blocks. Open is the last one, and the one before it while the last consists of
 * one unfinished line: "2" may become "2.", another item of the list above.
 * @param {string} source
 * @returns {Progress}
 */
export function parseProgress(source) {
  const blocks = parseBlocks(source);
  const last = blocks.length - 1;
  const unfinished = source.indexOf("\n", offsetOf(source, blocks[last]?.line ?? 0)) < 0;
  const settled = Math.max(unfinished ? last - 1 : last, 0);
  return { blocks, settled, settled_chars: offsetOf(source, blocks[settled]?.line ?? 0) };
}

/**
 * Give where a line begins, in characters.
 * @param {string} source
 * @param {number} line
 */
function offsetOf(source, line) {
  let offset = 0;
  for (let seen = 0; seen < line; seen += 1) offset = source.indexOf("\n", offset) + 1;
  return offset;
}
