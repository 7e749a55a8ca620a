/** Builds elements from parsed Markdown; every text goes in as text, only web links become links. */

import { copyButton } from "../kit/buttons.js";
import { el, outsideLink } from "../kit/dom.js";
import { text } from "../strings.js";
import { parseInline } from "./inline.js";
import { isWebAddress } from "./links.js";

/** @import { Block, Inline } from "./shapes.js" */
/** @import { Citation } from "../wire/shapes.js" */

/** @typedef {ReadonlyMap<number, Citation>} Sources citations by the number of their marker */

/** @typedef {Extract<Block, { type: "list" }>} List */
/** @typedef {Extract<Block, { type: "table" }>} Table */

/**
 * Build the element of one block.
 * @param {Block} block
 * @param {Sources} sources
 * @returns {HTMLElement}
 */
export function blockElement(block, sources) {
  switch (block.type) {
    case "code":
      return codeElement(block.language, block.text);
    case "heading":
      // Of one rank for readers: models skip ranks, and an outline with gaps is hard to follow.
      return el("h3", { class: `rank-${block.level}` }, ...inlineNodes(block.text, sources));
    case "rule":
      return el("hr");
    case "quote":
      return el("blockquote", {}, ...block.blocks.map((one) => blockElement(one, sources)));
    case "list":
      return listElement(block, sources);
    case "table":
      return tableElement(block, sources);
    case "paragraph":
      return el("p", {}, ...inlineNodes(block.text, sources));
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

/** @type {(list: List, sources: Sources) => HTMLElement} */
function listElement({ ordered, first, items }, sources) {
  const tight = items.every((item) => item.filter((one) => one.type === "paragraph").length < 2);
  const children = items.map((item) => {
    const blocks = item.map((one) => {
      if (tight && one.type === "paragraph") return inlineNodes(one.text, sources);
      return [blockElement(one, sources)];
    });
    return el("li", {}, ...blocks.flat());
  });
  if (!ordered) return el("ul", {}, ...children);
  return el("ol", first === 1 ? {} : { start: String(first) }, ...children);
}

/** @type {(table: Table, sources: Sources) => HTMLElement} */
function tableElement({ head, rows }, sources) {
  /** @type {(tag: "th" | "td", cells: string[]) => HTMLElement} */
  const row = (tag, cells) =>
    el("tr", {}, ...cells.map((cell) => el(tag, {}, ...inlineNodes(cell, sources))));
  const body = rows.map((cells) => row("td", cells));
  const table = el("table", {}, el("thead", {}, row("th", head)), el("tbody", {}, ...body));
  return el("div", { class: "table", tabindex: "0" }, table);
}

/**
 * @param {string} source
 * @param {Sources} sources
 */
function inlineNodes(source, sources) {
  return parseInline(source).map((token) => inlineNode(token, sources));
}

/**
 * @param {Inline} token
 * @param {Sources} sources
 * @returns {Node}
 */
function inlineNode(token, sources) {
  switch (token.type) {
    case "text":
      return document.createTextNode(token.text);
    case "code":
      return el("code", {}, token.text);
    case "cite":
      return citeNode(token.number, sources);
    case "link":
      return outsideLink(token.href, {}, ...token.children.map((one) => inlineNode(one, sources)));
    default:
      return el(token.type, {}, ...token.children.map((one) => inlineNode(one, sources)));
  }
}

/**
 * Build a citation marker; a number without a source stays the text it was.
 * @param {number} number
 * @param {Sources} sources
 */
function citeNode(number, sources) {
  const source = sources.get(number);
  if (!source) return document.createTextNode(`[${number}]`);
  const label = text.source(number, source.title);
  const attributes = { class: "cite", title: source.title, "aria-label": label };
  if (!isWebAddress(source.url ?? "")) {
    return el("span", { ...attributes, role: "note" }, String(number));
  }
  return outsideLink(source.url ?? "", attributes, String(number));
}
