/**
 * Shows Markdown while it is still being written: what is finished is built once and left alone, only
 * the newest is built again.
 */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { decorate } from "./elements.js";
import { firstOpen, leadOf, mended, settledChars } from "./mend.js";
import { loadLibraries, plain, reader } from "./reader.js";

let told = false;

/** Shows a growing Markdown text in an element. */
export class MarkdownView {
  #host;
  #seen;
  #settled_chars = 0;
  #ended = false;
  /** @type {ChildNode[]} */
  #open = [];
  /** @type {OpenBlock | null} */
  #block = null;

  /**
   * @param {HTMLElement} host
   * @param {Seen} seen looked up whenever a marker or a link is built
   */
  constructor(host, seen) {
    this.#host = host;
    this.#seen = seen;
    this.source = "";
    if (reader === plain) this.#await();
  }

  /** Show the text again when the libraries are there, or say once that they are missing. */
  async #await() {
    if (await loadLibraries()) this.renderAgain();
    else if (!told) this.#host.after(el("p", { class: "end-note" }, text.noLibraries));
    told = true;
  }

  /**
   * Add text; nothing is shown before `render`.
   * @param {string} piece
   */
  append(piece) {
    this.source += piece.replaceAll("\r", "");
    this.#ended = false;
  }

  /** Show what was added. */
  render() {
    for (const node of this.#open) node.remove();
    this.#open = [];
    const blocks = this.#read();
    const open = firstOpen(blocks);
    const { type, raw } = blocks[open] ?? { type: "", raw: "" };
    const cut = settledChars(blocks[open]);
    const settled = blocks.slice(0, open);
    const chars = settled.reduce((sum, one) => sum + one.raw.length, cut);
    if (chars > 0) this.#settled_chars += chars - (this.#block?.lead?.length ?? 0);
    this.#show(settled, true);
    if (cut > 0) {
      const lead = leadOf(type, raw);
      this.#show(reader.lex(raw.slice(0, cut)), true, lead);
      blocks.splice(open, 1, ...reader.lex(lead + raw.slice(cut)));
    }
    this.#show(blocks.slice(open), false);
  }

  /** Show that nothing more comes for now. */
  end() {
    if (this.#ended) return;
    this.#ended = true;
    this.render();
    for (const one of [this.#block?.root, ...this.#open]) {
      if (one instanceof Element) reader.polish(one);
    }
  }

  /** Build everything again, as when the sources have changed. */
  renderAgain() {
    const { firstChild: shown } = this.#host;
    this.#host.replaceChildren();
    this.#open = [];
    this.#block = null;
    this.#settled_chars = 0;
    const ended = this.#ended;
    this.#ended = false;
    if (ended) this.end();
    else if (shown) this.render();
  }

  /** Forget the text, and give what it was. */
  clear() {
    const { source } = this;
    this.source = "";
    this.renderAgain();
    return source;
  }

  /** Read what is not settled, as far as it makes sense already. */
  #read() {
    const source = (this.#block?.lead ?? "") + this.source.slice(this.#settled_chars);
    const read = reader.lex(source);
    if (this.#ended || reader === plain) return read;
    let leaf = read.findLast(({ type }) => type !== "space");
    const block = leaf?.type;
    for (let next = leaf; next; next = (leaf.items ?? leaf.tokens)?.at(-1)) leaf = next;
    const whole = mended(source, leaf?.type, block);
    return whole === source ? read : reader.lex(whole);
  }

  /** @type {(blocks: Piece[], settled: boolean, lead?: string) => void} `lead` is that of what goes on */
  #show(blocks, settled, lead) {
    const elements = reader.build(blocks.filter(({ type }) => type !== "space"));
    for (const [at, element] of elements.entries()) {
      const { block, nodes } = this.#put(element, at === 0 ? this.#block : null);
      if (settled) this.#settle(block, lead);
      else this.#open.push(...nodes);
    }
  }

  /** @type {(block: OpenBlock, lead?: string) => void} */
  #settle(block, lead) {
    this.#block = lead === undefined ? null : { lead, ...block };
    if (!this.#block) reader.polish(block.root);
  }

  /** @type {(element: Element, block: OpenBlock | null) => { block: OpenBlock, nodes: ChildNode[] }} */
  #put(element, block) {
    // Decorated where it is, so that it may be replaced by another element.
    const frame = el("div", {}, element);
    decorate(frame, this.#seen);
    const root = /** @type {Element} */ (frame.firstElementChild);
    const into = root.querySelector(":scope > table > tbody, :scope > pre > code") ?? root;
    const nodes = block ? [...into.childNodes] : [root];
    (block?.into ?? this.#host).append(...nodes);
    return { block: block ?? { root, into }, nodes };
  }
}
