/** Reads what stands inside a line of Markdown: emphasis, code, links, citation markers. Pure. */

import { addressAt, artifactIn, isWebAddress, linkAt } from "./links.js";

/** @typedef {{ token: Inline, next: number }} Found */
/** @typedef {{ depth: number, inLink: boolean }} Place */

const SPECIAL = /[\\`*_~[!<h]/g;
const ESCAPED = /^\\[!-/:-@[-`{-~]/;
const CITE = /\[(\d{1,3})\](?!\()/y;
const DEEPEST = 6;
const REACH_CHARS = 3000;

/**
 * Read a line or a paragraph; whatever is not understood stays text.
 * @param {string} source
 * @param {Place} [place]
 * @returns {Inline[]}
 */
export function parseInline(source, place = { depth: 0, inLink: false }) {
  if (place.depth > DEEPEST) return [{ type: "text", text: source }];
  /** @type {Inline[]} */
  const tokens = [];
  let from = 0;
  SPECIAL.lastIndex = 0;
  for (let hit = SPECIAL.exec(source); hit; hit = SPECIAL.exec(source)) {
    const found = tokenAt(source, hit.index, place);
    // Set on every turn: reading what is nested moves it too.
    SPECIAL.lastIndex = found?.next ?? hit.index + skipped(source, hit.index);
    if (!found) continue;
    if (hit.index > from) tokens.push({ type: "text", text: source.slice(from, hit.index) });
    tokens.push(found.token);
    from = found.next;
  }
  if (from < source.length) tokens.push({ type: "text", text: source.slice(from) });
  return tokens;
}

/** @type {(source: string, at: number, place: Place) => Found | null} */
function tokenAt(source, at, place) {
  switch (source[at]) {
    case "\\":
      if (!ESCAPED.test(source.slice(at, at + 2))) return null;
      return { token: { type: "text", text: source[at + 1] ?? "" }, next: at + 2 };
    case "`":
      return codeAt(source, at);
    case "h":
    case "<":
      return linked(addressAt(source, at), place, false);
    case "[":
    case "!":
      return citeAt(source, at, place) ?? linked(linkAt(source, at), place, source[at] === "!");
    default:
      return emphasisAt(source, at, place);
  }
}

/** @type {(source: string, at: number) => Found | null} */
function codeAt(source, at) {
  const length = runLength(source, at);
  const start = at + length;
  const ticks = source.slice(at, start);
  let end = source.indexOf(ticks, start);
  while (end >= 0 && runLength(source, end) !== length) {
    end = source.indexOf(ticks, end + runLength(source, end));
    if (end > start + REACH_CHARS) return null;
  }
  if (end < 0) return null;
  const text = source.slice(start, end).replaceAll("\n", " ");
  return { token: { type: "code", text: text.trim() || text }, next: end + length };
}

/** @type {(source: string, at: number, place: Place) => Found | null} */
function citeAt(source, at, place) {
  CITE.lastIndex = at;
  const found = place.inLink || /\w/.test(source[at - 1] ?? "") ? null : CITE.exec(source);
  if (!found) return null;
  return { token: { type: "cite", number: Number(found[1]) }, next: at + found[0].length };
}

/** @type {(found: FoundLink | null, place: Place, picture: boolean) => Found | null} */
function linked(found, { depth, inLink }, picture) {
  if (!found) return null;
  const { label, href, next } = found;
  const id = inLink ? "" : artifactIn(href);
  if (id)
    return { token: { type: "artifact", id, name: label === href ? id : label, picture }, next };
  if (label === href && !inLink && isWebAddress(href)) {
    return { token: { type: "link", href, children: [{ type: "text", text: href }] }, next };
  }
  if (inLink || !isWebAddress(href)) return { token: { type: "text", text: label }, next };
  const children = parseInline(label, { depth: depth + 1, inLink: true });
  return { token: { type: "link", href, children }, next };
}

/** @type {(source: string, at: number, place: Place) => Found | null} */
function emphasisAt(source, at, { depth, inLink }) {
  const mark = opens(source, at);
  const start = at + mark.length;
  const end = mark ? closingOf(source, start, mark) : -1;
  if (end < 0) return null;
  const type = mark === "~~" ? "del" : mark.length === 2 ? "strong" : "em";
  const children = parseInline(source.slice(start, end), { depth: depth + 1, inLink });
  return { token: { type, children }, next: end + mark.length };
}

/** @type {(source: string, at: number) => string} the mark that opens emphasis here, or "" */
function opens(source, at) {
  const two = source.slice(at, at + 2);
  const mark = ["**", "__", "~~"].includes(two) ? two : two.slice(0, 1);
  const inWord = mark.startsWith("_") && /\w/.test(source[at - 1] ?? "");
  return mark === "~" || inWord || /^\s?$/.test(source[at + mark.length] ?? "") ? "" : mark;
}

/** @type {(source: string, start: number, mark: string) => number} */
function closingOf(source, start, mark) {
  const last = start + REACH_CHARS;
  let end = source.indexOf(mark, start + 1);
  while (end >= 0 && end < last && !closes(source, end, mark)) end = source.indexOf(mark, end + 1);
  return end < last ? end : -1;
}

/** @type {(source: string, end: number, mark: string) => boolean} */
function closes(source, end, mark) {
  const before = source[end - 1] ?? "";
  const after = source[end + mark.length] ?? "";
  if (/[\s\\]/.test(before) || after === mark[0]) return false;
  if (mark.startsWith("_") && /\w/.test(after)) return false;
  return mark.length === 2 || before !== mark;
}

/** @type {(source: string, at: number) => number} */
const skipped = (source, at) => (/[`*_~]/.test(source[at] ?? "") ? runLength(source, at) : 1);

/** @type {(source: string, at: number) => number} */
function runLength(source, at) {
  let end = at + 1;
  while (source[end] === source[at]) end += 1;
  return end - at;
}
