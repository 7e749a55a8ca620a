/** Says what went wrong or changed, in the line above the conversation. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/errors.js";
import { Banner } from "./frame.js";

/** The line, and what is told where else. */
export class Reports {
  #banner = new Banner();
  #who;
  #onUpstream;

  /**
   * @param {import("./who.js").Who} who administrators are led to what is wrong with the server
   * @param {() => void} onUpstream told when the model server is to blame
   */
  constructor(who, onUpstream) {
    this.#who = who;
    this.#onUpstream = onUpstream;
  }

  /** @type {(words: string) => void} say what is no failure of the person's */
  tell = (words) => this.#banner.show(words, { quiet: true });

  clear = () => this.#banner.clear();

  /** @type {(error: unknown) => void} say what went wrong, unless another part of the page does */
  report = (error) => {
    const known = error instanceof ApiError ? error : null;
    if (known?.status === 401 || known?.lost) return;
    const upstream = known?.upstream ?? false;
    const extra = upstream && this.#who.isAdmin ? [this.#serverButton()] : [];
    this.#banner.show(wordsOf(error), { extra });
    if (upstream) this.#onUpstream();
  };

  #serverButton() {
    const button = el("button", { type: "button", class: "link" }, text.showServer);
    button.addEventListener("click", () => this.#who.openSettings("server"));
    return button;
  }
}
