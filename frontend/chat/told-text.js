/** The text of an answer, which a server may tell again from its beginning, having written down less of it. */

import { MarkdownView } from "../text/markdown.js";

export class ToldText extends MarkdownView {
  #before = "";

  /** Empty it, for all is told again. @override */
  clear() {
    if (!this.#before.startsWith(this.source)) this.#before = this.source;
    return super.clear();
  }

  /** Show again what had come beyond what was told again. */
  restore() {
    if (this.#before.startsWith(this.source)) this.append(this.#before.slice(this.source.length));
  }

  /** Give the text away: what follows is another. */
  taken() {
    const text = this.clear();
    this.#before = "";
    return text;
  }
}
