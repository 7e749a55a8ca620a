/**
 * Looks at Markdown that is still being written: what of it never changes, and how it must end so that
 * signs which have only begun are not seen. Pure.
 */

const LONG_CHARS = 1200;
const OPEN_CHARS = 300;
const HELD_CHARS = 1000;
const OPEN_FENCE = /^ {0,3}(```+|~~~+)(?! *math\s)(?![\s\S]*\n {0,3}\1).*\n+[^\n][\s\S]*\n/;
const LAST_WORD = /^[\s\S]*(?:\s(?=\p{L}{2})|[。，！？](?=\p{L}))/u;

const LINE = String.raw`(?<=^|\n)[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]) +)*`;
const FENCE = new RegExp(`${LINE}(?:\`{1,2}|~{1,2}|(?:\`{3,}|~{3,})[^\`\\n]*)$`);
const TABLE_HEAD = /(?<=^|\n) {0,3}\|[^\n]*(?:\n[ |:-]*)?$/;
const HELD = [
  new RegExp(`${LINE}(?:[-*+=_#>]+|\\d{1,9}[.)]?|\\[[ xX]?\\]?)?[ \\t]*$`),
  /(?:<(?:b(?:r ?\/?)?)?|[\\!]|\${1,2}|&#?\w{0,9}|(?<!\\)!?\[[^\]\n]{0,80}\]?|【[^】\n]{0,80})$/,
];
const HALF_LINK = /(!?)\[([^\]\n]*)\]\([^()\n]*$/;
const SPANS =
  /(?<!`)(`+)(?!`)[^\n]*?[^`\n]\1(?!`)|\$\$[\s\S]*?\$\$|\\\([\s\S]*?\\\)|\\\[[\s\S]*?\\\]|\\[^([]/g;
const MARKS = /\*\*|__|~~|[*_]|\n(?=\s*(?:[-*+|]|\d+[.)]) )/g;

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
export const settledChars = (block) => (block && CUTS[block.type]?.(block)) || 0;

/** @type {Record<string, ((block: Piece) => number) | undefined>} */
const CUTS = {
  // All lines of an open fence but the last, all items but two, all rows but one.
  code: ({ raw }) => (OPEN_FENCE.test(raw) ? raw.search(/\n+[^\n]*$/) : 0),
  list: ({ items = [] }) => items.slice(0, -2).reduce((sum, { raw }) => sum + raw.length, 0),
  table: ({ raw, rows = [] }) => (rows.length > 1 ? raw.trimEnd().lastIndexOf("\n") + 1 : 0),
  paragraph({ raw }) {
    if (raw.length < LONG_CHARS) return 0;
    // Up to a word that no block can begin with, where nothing is open.
    const [before = ""] = LAST_WORD.exec(raw.slice(0, -OPEN_CHARS)) ?? [];
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

/**
 * Close or hold back what has only begun at the end of a text.
 * @param {string} source
 * @param {string} [leaf] type of what the text ends in; code is left as it is, but for its fences
 * @param {string} [block] type of the block that the text ends in
 */
export function mended(source, leaf, block) {
  if (leaf === "code") return source.replace(FENCE, "");
  const forms = block === "table" ? HELD : [TABLE_HEAD, FENCE, ...HELD];
  const kept = forms.reduce((words, form) => words.replace(form, ""), source);
  const linked = kept.replace(HALF_LINK, (_, image, label) => (image ? "" : label));
  const begin = linked.lastIndexOf("\n\n") + 1;
  return linked.slice(0, begin) + closed(linked.slice(begin));
}

/** @type {(words: string) => string} hold back code and formulas that are open, close emphasis */
function closed(words) {
  const bare = words.replace(SPANS, (span) => "x".repeat(span.length));
  const begun = bare.search(/(?<!\w)`|\$\$|\\[([]/);
  const held = begun >= 0 && bare.length - begun < HELD_CHARS;
  const seen = held ? bare.slice(0, begun) : bare;
  const { open, end } = openMarks(seen);
  if (open.length === 0) return words.slice(0, end);
  const kept = words.slice(0, end).trimEnd();
  if (kept.endsWith(open.at(-1) ?? "")) return closed(kept.replace(/[*_~]+$/, ""));
  return kept + open.reverse().join("");
}

/** @type {(words: string) => { open: string[], end: number }} `end` leaves out a mark that nothing follows */
function openMarks(words) {
  /** @type {string[]} */
  let open = [];
  let end = words.length;
  for (const { 0: mark, index } of words.matchAll(MARKS)) {
    if (mark === "\n") open = [];
    else if (open.includes(mark)) open.length = open.indexOf(mark);
    else if (index + mark.length === words.length) end = index;
    else if (opens(words, index, mark)) open.push(mark);
  }
  return { open, end };
}

/** @type {(words: string, at: number, mark: string) => boolean} */
function opens(words, at, mark) {
  if (/\s/.test(words[at + mark.length] ?? " ")) return false;
  return mark[0] !== "_" || !/\w/.test(words[at - 1] ?? "");
}
