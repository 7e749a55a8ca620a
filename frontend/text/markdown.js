/**
 * Shows Markdown while it is still being written: finished blocks are built once and left alone,
 * only the newest is built again.
 */

import { blockElement } from "./elements.js";
import { parseProgress } from "./progress.js";

/** @import { Block } from "./shapes.js" */
/** @import { Sources } from "./elements.js" */

/** Shows a growing Markdown text in an element. */
export class MarkdownView {
  #host;
  #sources;
  #settled_chars = 0;
  /** @type {HTMLElement[]} */
  #open = [];
  /** @type {{ language: string, text: string, node: Text } | null} */
  #code = null;

  /**
   * @param {HTMLElement} host
   * @param {Sources} sources looked up whenever a marker is built
   */
  constructor(host, sources) {
    this.#host = host;
    this.#sources = sources;
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
    const elements = blocks.map((block) => blockElement(block, this.#sources));
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
