/** Builds elements from parsed Markdown; every text goes in as text, only web links become links. */

import { artifactElement } from "../files/file-item.js";
import { copyButton, el, outsideLink } from "../kit/dom.js";
import { text } from "../strings.js";
import { parseInline } from "./inline.js";
import { isWebAddress } from "./links.js";

/** @typedef {Extract<Block, { type: "list" }>} List */
/** @typedef {Extract<Block, { type: "table" }>} Table */

/**
 * Build the element of one block.
 * @param {Block} block
 * @param {Seen} seen
 * @returns {HTMLElement}
 */
export function blockElement(block, seen) {
  switch (block.type) {
    case "code":
      return codeElement(block.language, block.text);
    case "heading":
      // Of one rank for readers: models skip ranks, and an outline with gaps is hard to follow.
      return el("h3", { class: `rank-${block.level}` }, ...inlineNodes(block.text, seen));
    case "rule":
      return el("hr");
    case "quote":
      return el("blockquote", {}, ...block.blocks.map((one) => blockElement(one, seen)));
    case "list":
      return listElement(block, seen);
    case "table":
      return tableElement(block, seen);
    case "paragraph":
      return el("p", {}, ...inlineNodes(block.text, seen));
  }
}

/**
 * @param {string} language
 * @param {string} code
 */
function codeElement(language, code) {
  const shown = el("code", {}, document.createTextNode(code));
  const name = el("span", {}, language);
  const head = el(
    "figcaption",
    {},
    name,
    copyButton(() => `${shown.textContent}\n`),
  );
  return el("figure", { class: "code" }, head, el("pre", { tabindex: "0" }, shown));
}

/** @type {(list: List, seen: Seen) => HTMLElement} */
function listElement({ ordered, first, items }, seen) {
  const tight = items.every((item) => item.filter((one) => one.type === "paragraph").length < 2);
  const children = items.map((item) => {
    const blocks = item.map((one) => {
      if (tight && one.type === "paragraph") return inlineNodes(one.text, seen);
      return [blockElement(one, seen)];
    });
    return el("li", {}, ...blocks.flat());
  });
  if (!ordered) return el("ul", {}, ...children);
  return el("ol", first === 1 ? {} : { start: String(first) }, ...children);
}

/** @type {(table: Table, seen: Seen) => HTMLElement} */
function tableElement({ head, rows }, seen) {
  const nodes = (/** @type {string[]} */ cells) => cells.map((one) => inlineNodes(one, seen));
  return gridElement(nodes(head), rows.map(nodes));
}

/**
 * Build a table of cells.
 * @param {(Node | string)[][]} head
 * @param {(Node | string)[][][]} rows
 */
export function gridElement(head, rows) {
  /** @type {(tag: "th" | "td", cells: (Node | string)[][]) => HTMLElement} */
  const row = (tag, cells) => el("tr", {}, ...cells.map((cell) => el(tag, {}, ...cell)));
  const body = rows.map((cells) => row("td", cells));
  const table = el("table", {}, el("thead", {}, row("th", head)), el("tbody", {}, ...body));
  return el("div", { class: "table", tabindex: "0" }, table);
}

/** @type {(source: string, seen: Seen) => Node[]} */
const inlineNodes = (source, seen) => nodesOf(parseInline(source), seen);

/** @type {(tokens: Inline[], seen: Seen) => Node[]} */
const nodesOf = (tokens, seen) => tokens.map((one) => inlineNode(one, seen));

/** @type {(token: Inline, seen: Seen) => Node} */
function inlineNode(token, seen) {
  switch (token.type) {
    case "text":
      return document.createTextNode(token.text);
    case "code":
      return el("code", {}, token.text);
    case "cite":
      return citeNode(token.number, seen);
    case "link":
      return linkNode(token.href, nodesOf(token.children, seen), seen);
    case "artifact": {
      const { id, name, picture } = token;
      const guessed = { id, filename: name, media_type: picture ? "image/png" : "" };
      return artifactElement({ ...guessed, ...seen.known.artifact(id) });
    }
    default:
      return el(token.type, {}, ...nodesOf(token.children, seen));
  }
}

/**
 * Build a link; when nobody has named its host, its words and its address stay text.
 * @type {(href: string, words: Node[], seen: Seen) => HTMLElement}
 */
function linkNode(href, words, { known }) {
  if (known.allows(href)) return outsideLink(href, {}, ...words);
  const shown = el("span", { class: "unlinked", title: text.notLinked }, ...words);
  if (shown.textContent !== href) shown.append(` (${href})`);
  shown.append(el("span", { class: "visually-hidden" }, ` (${text.notLinked})`));
  return shown;
}

/**
 * Build a citation marker; a number without a source stays the text it was.
 * @type {(number: number, seen: Seen) => Node}
 */
function citeNode(number, { sources }) {
  const source = sources.get(number);
  if (!source) return document.createTextNode(`[${number}]`);
  const label = text.source(number, source.title);
  const attributes = { class: "cite", "aria-label": label };
  if (!isWebAddress(source.url ?? "")) {
    return el("span", { ...attributes, role: "note" }, String(number));
  }
  return outsideLink(source.url ?? "", attributes, String(number));
}
