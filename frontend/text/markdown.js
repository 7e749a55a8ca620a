/**
 * Shows Markdown while it is still being written: finished blocks are built once and left alone,
 * only the newest is built again.
 */

import { parseBlocks } from "./blocks.js";
import { blockElement } from "./elements.js";

/** Shows a growing Markdown text in an element. */
export class MarkdownView {
  #host;
  #seen;
  #settled_chars = 0;
  /** @type {HTMLElement[]} */
  #open = [];
  /** @type {{ language: string, text: string, node: Text } | null} */
  #code = null;

  /**
   * @param {HTMLElement} host
   * @param {Seen} seen looked up whenever a marker or a link is built
   */
  constructor(host, seen) {
    this.#host = host;
    this.#seen = seen;
    this.source = "";
  }

  /**
   * Add text; nothing is shown before `render`.
   * @param {string} piece
   */
  append(piece) {
    this.source += piece.replaceAll("\r", "");
  }

  /** Show what was added. */
  render() {
    const { blocks, settled, settled_chars } = parseProgress(
      this.source.slice(this.#settled_chars),
    );
    if (blocks.length === 0 || this.#growCode(blocks)) return;
    for (const element of this.#open) element.remove();
    const elements = blocks.map((block) => blockElement(block, this.#seen));
    this.#host.append(...elements);
    this.#open = elements.slice(settled);
    this.#settled_chars += settled_chars;
    this.#code = openCode(blocks, this.#open);
  }

  /** Build everything again, as when the sources have changed. */
  renderAgain() {
    this.#host.replaceChildren();
    this.#open = [];
    this.#code = null;
    this.#settled_chars = 0;
    this.render();
  }

  /** Forget the text. */
  clear() {
    this.source = "";
    this.renderAgain();
  }

  /**
   * Lengthen a code block in place; building a long one again for every frame would be slow.
   * @param {Block[]} blocks
   */
  #growCode(blocks) {
    const [block] = blocks;
    const code = this.#code;
    if (!code || block?.type !== "code" || blocks.length > 1) return false;
    if (block.language !== code.language || !block.text.startsWith(code.text)) return false;
    code.node.appendData(block.text.slice(code.text.length));
    code.text = block.text;
    return true;
  }
}

/**
 * @param {Block[]} blocks
 * @param {HTMLElement[]} open
 */
function openCode(blocks, open) {
  const block = blocks.at(-1);
  const node = open[0]?.querySelector("pre > code")?.firstChild;
  if (open.length !== 1 || block?.type !== "code" || !(node instanceof Text)) return null;
  return { language: block.language, text: block.text, node };
}

/**
 * Cut a text into blocks. Open is the last one, and the one before it while the last consists of
 * one unfinished line: "2" may become "2.", another item of the list above.
 * @type {(source: string) => Progress}
 */
export function parseProgress(source) {
  const blocks = parseBlocks(source);
  const last = blocks.length - 1;
  const unfinished = source.indexOf("\n", offsetOf(source, blocks[last]?.line ?? 0)) < 0;
  const settled = Math.max(unfinished ? last - 1 : last, 0);
  return { blocks, settled, settled_chars: offsetOf(source, blocks[settled]?.line ?? 0) };
}

/** @type {(source: string, line: number) => number} give where a line begins, in characters */
function offsetOf(source, line) {
  let offset = 0;
  for (let seen = 0; seen < line; seen += 1) offset = source.indexOf("\n", offset) + 1;
  return offset;
}
