/**
 * Cuts Markdown into blocks: a safe subset without HTML, link definitions or set-off titles, so that
 * a block that another one follows can never change again. Pure.
 */

import { collectList, collectTable, isItem, startsTable } from "./lines.js";

/** @typedef {{ block: Block, next: number }} Found */

const FENCE = /^( {0,3})(`{3,}|~{3,}) *([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6}) +(\S.*)$/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const QUOTE = /^ {0,3}> ?/;
const DEEPEST = 8;

/** @type {(source: string) => Block[]} cut a text into blocks */
export function parseBlocks(source) {
  return blocksOf(source.split("\n").map(untabbed), 0);
}

/** @type {(lines: string[], depth: number) => Block[]} */
function blocksOf(lines, depth) {
  /** @type {Block[]} */
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if ((lines[at] ?? "").trim() === "") {
      at += 1;
      continue;
    }
    const { block, next } = blockAt(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

/** @type {(lines: string[], at: number, depth: number) => Found} */
function blockAt(lines, at, depth) {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line);
  if (fence) return codeAt(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) {
    const level = (heading[1] ?? "").length;
    const title = (heading[2] ?? "").trimEnd().replace(/ #+$/, "");
    return { block: { line: at, type: "heading", level, text: title }, next: at + 1 };
  }
  if (RULE.test(line)) return { block: { line: at, type: "rule" }, next: at + 1 };
  if (startsTable(lines, at)) {
    const { head, rows, next } = collectTable(lines, at);
    return { block: { line: at, type: "table", head, rows }, next };
  }
  return nestedAt(lines, at, depth) ?? paragraphAt(lines, at);
}

/**
 * Read a quote or a list; null for anything else, and for what is nested absurdly deep.
 * @type {(lines: string[], at: number, depth: number) => Found | null}
 */
function nestedAt(lines, at, depth) {
  if (depth >= DEEPEST) return null;
  if (QUOTE.test(lines[at] ?? "")) {
    let next = at;
    while (QUOTE.test(lines[next] ?? "")) next += 1;
    const inner = lines.slice(at, next).map((line) => line.replace(QUOTE, ""));
    return { block: { line: at, type: "quote", blocks: blocksOf(inner, depth + 1) }, next };
  }
  if (!isItem(lines[at] ?? "")) return null;
  const { ordered, first, items, next } = collectList(lines, at, startsBlock);
  const read = items.map((item) => blocksOf(item, depth + 1));
  return { block: { line: at, type: "list", ordered, first, items: read }, next };
}

/**
 * Read a fenced block; without its closing fence it reaches to the end.
 * @type {(lines: string[], at: number, fence: RegExpExecArray) => Found}
 */
function codeAt(lines, at, [, margin = "", ticks = "", language = ""]) {
  const closing = new RegExp(`^ {0,3}\\${ticks[0]}{${ticks.length},} *$`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end] ?? "")) end += 1;
  const indentation = new RegExp(`^ {0,${margin.length}}`);
  const code = lines.slice(at + 1, end).map((line) => line.replace(indentation, ""));
  return { block: { line: at, type: "code", language, text: code.join("\n") }, next: end + 1 };
}

/** @type {(lines: string[], at: number) => Found} */
function paragraphAt(lines, at) {
  let next = at + 1;
  while (next < lines.length && !startsBlock(lines[next] ?? "") && !startsTable(lines, next)) {
    next += 1;
  }
  const words = lines.slice(at, next).map((line) => line.trim());
  return { block: { line: at, type: "paragraph", text: words.join("\n") }, next };
}

/** @param {string} line */
function startsBlock(line) {
  if (line.trim() === "") return true;
  return [FENCE, HEADING, RULE, QUOTE].some((form) => form.test(line)) || isItem(line);
}

/** @param {string} line */
const untabbed = (line) => line.replace(/^[ \t]+/, (blank) => blank.replaceAll("\t", "    "));
