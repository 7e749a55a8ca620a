/**
 * Turns what was made of Markdown into elements of the page: links that may be opened, citation
 * markers, files of tools, code to copy, tables that scroll.
 */

import { artifactElement } from "../files/artifact.js";
import { copyButton, el, outsideLink } from "../kit/dom.js";
import { text } from "../strings.js";
import { addressesAndMarkers, artifactIn, isWebAddress, withoutTail } from "./links.js";

const UNTOUCHED = "a, code, pre, .unlinked, .artifact";

/**
 * Work over elements that come from Markdown.
 * @param {ParentNode & Node} root
 * @param {Seen} seen
 */
export function decorate(root, seen) {
  for (const link of root.querySelectorAll("a, [data-src]")) {
    const inLink = link.parentElement?.closest("a");
    const href = link.getAttribute("href") ?? link.getAttribute("data-src") ?? "";
    const nodes = inLink ? [...link.childNodes] : addressNodes(href, link, seen);
    link.replaceWith(...nodes);
  }
  for (const words of textsIn(root)) markWords(words, seen);
  for (const pre of root.querySelectorAll("pre")) pre.replaceWith(codeElement(pre));
  for (const table of root.querySelectorAll("table")) scrolling(table);
  giveSides(root);
  for (const box of root.querySelectorAll("input")) {
    box.setAttribute("aria-label", box.checked ? text.taskDone : text.taskOpen);
  }
}

/** @param {ParentNode} root where marks and columns begin at the side at which the words do */
function giveSides(root) {
  for (const block of root.querySelectorAll("ul, ol, blockquote, table, .table")) {
    block.setAttribute("dir", "auto");
  }
}

/** @type {(href: string, link: Element, seen: Seen) => Node[]} */
function addressNodes(href, link, seen) {
  const words = [...link.childNodes];
  const label = link.textContent || href;
  const id = artifactIn(href);
  if (id) {
    const guessed = link.hasAttribute("data-src") ? "image/png" : "";
    const file = { id, filename: label === href ? id : label, media_type: guessed };
    return [artifactElement({ ...file, ...seen.known.artifact(id) })];
  }
  if (!isWebAddress(href)) return words;
  return [linkNode(href, words.length > 0 ? words : [href], seen)];
}

/** @param {Node} root */
function textsIn(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const found = [];
  while (walker.nextNode()) {
    const words = /** @type {Text} */ (walker.currentNode);
    if (!words.parentElement?.closest(UNTOUCHED)) found.push(words);
  }
  return found;
}

/** @type {(words: Text, seen: Seen) => void} make links and citations of what a text names */
function markWords(words, seen) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let from = 0;
  for (const { 0: found, 1: marker, 2: other, index } of addressesAndMarkers(words.data)) {
    const number = marker ?? other;
    const raw = number ? found : withoutTail(found);
    const link = document.createElement("a");
    const made = number ? [citeNode(Number(number), found, seen)] : addressNodes(raw, link, seen);
    if (made.length === 0) continue;
    nodes.push(words.data.slice(from, index), ...made);
    from = index + raw.length;
  }
  if (from > 0) words.replaceWith(...nodes, words.data.slice(from));
}

/** @param {HTMLPreElement} pre */
function codeElement(pre) {
  const shown = pre.firstElementChild ?? pre;
  // A line end at its end would run it where it is pasted into a terminal.
  const copy = copyButton(() => (shown.textContent ?? "").replace(/\n+$/, ""));
  const head = el("figcaption", {}, el("span", {}, shown.getAttribute("data-lang") ?? ""), copy);
  return el("figure", { class: "code" }, head, el("pre", { tabindex: "0" }, shown));
}

/** @param {HTMLTableElement} table */
function scrolling(table) {
  const frame = el("div", { class: "table", tabindex: "0" });
  table.replaceWith(frame);
  frame.append(table);
  return frame;
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
  return scrolling(el("table", {}, el("thead", {}, row("th", head)), el("tbody", {}, ...body)));
}

/**
 * Build a link; when nobody has named its host, its words and its address stay text.
 * @type {(href: string, words: (Node | string)[], seen: Seen) => HTMLElement}
 */
function linkNode(href, words, { known }) {
  if (known.allows(href)) return outsideLink(href, {}, ...words);
  const shown = el("span", { class: "unlinked", title: text.notLinked }, ...words);
  // Signs that nobody sees, and that turn the direction of writing, are shown for what they are.
  const address = href.replace(/\p{C}/gu, encodeURIComponent);
  if (shown.textContent === href) shown.textContent = address;
  else shown.append(` (${address})`);
  shown.append(el("span", { class: "visually-hidden" }, ` (${text.notLinked})`));
  return shown;
}

/**
 * Build a citation marker; a number without a source stays the text it was.
 * @type {(number: number, raw: string, seen: Seen) => Node}
 */
function citeNode(number, raw, { sources }) {
  const source = sources.get(number);
  if (!source) return document.createTextNode(raw);
  const label = text.source(number, source.title);
  const attributes = { class: "cite", "aria-label": label };
  if (!isWebAddress(source.url ?? "")) {
    return el("span", { ...attributes, role: "note" }, String(number));
  }
  return outsideLink(source.url ?? "", attributes, String(number));
}
