/**
 * Says up to where text that is being written will never change, however long its list, table, code
 * or paragraph is. Pure.
 */

import { mended } from "./mend.js";

const LONG_CHARS = 1200;
const OPEN_CHARS = 300;
const OPEN_FENCE = /^ {0,3}(```+|~~~+)(?! *math\s)(?![\s\S]*\n {0,3}\1).*\n+[^\n][\s\S]*\n/;

/**
 * Find the first block that is open: the last one, or the one before it while the last consists of one
 * unfinished line: "2" may become "2.", another item of the list above.
 * @param {readonly Piece[]} blocks
 */
export function firstOpen(blocks) {
  const full = [...blocks.keys()].filter((at) => blocks[at]?.type !== "space");
  const last = full.at(-1) ?? 0;
  const finished = blocks.slice(last).some(({ raw }) => raw.includes("\n"));
  return (finished ? last : full.at(-2)) ?? last;
}

/**
 * Say how many characters of an open block are settled.
 * @type {(block: Piece | undefined) => number}
 */
export function settledChars(block) {
  return (block && CUTS[block.type]?.(block)) || 0;
}

/** @type {Record<string, ((block: Piece) => number) | undefined>} */
const CUTS = {
  // All lines of an open fence but the last, all items but two, all rows but one.
  code: ({ raw }) => (OPEN_FENCE.test(raw) ? raw.search(/\n+[^\n]*$/) : 0),
  list: ({ items = [] }) => items.slice(0, -2).reduce((sum, { raw }) => sum + raw.length, 0),
  table: ({ raw, rows = [] }) => (rows.length > 1 ? raw.trimEnd().lastIndexOf("\n") + 1 : 0),
  paragraph({ raw }) {
    if (raw.length < LONG_CHARS) return 0;
    // Up to a word that no block can begin with, where nothing is open.
    const [before = ""] =
      /^[\s\S]*(?:\s(?=\p{L}{2})|[。，！？](?=\p{L}))/u.exec(raw.slice(0, -OPEN_CHARS)) ?? [];
    return mended(before) === before ? before.length : 0;
  },
};

/**
 * Give what the rest of a block needs in front of it to be read as what it goes on with.
 * @type {(type: string, raw: string) => string}
 */
export function leadOf(type, raw) {
  const lines = { code: 1, table: 2 }[type] ?? 0;
  return (raw.match(/.*\n/g) ?? []).slice(0, lines).join("");
}
