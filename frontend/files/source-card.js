/** What happens at the sources of answers: a card while one is pointed at, the passage on a click. */

import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { citationIn } from "../text/links.js";
import { wordsOf } from "../wire/errors.js";
import { getCitation } from "../wire/server.js";

const REST_MS = 200;
const GAP_PX = 6;

/** One card for all sources. It stays while it is pointed at itself; Escape closes it. */
export class SourceCard {
  #card = el("div", { id: "source-card", role: "tooltip", popover: "manual" });
  #api;
  /** @type {HTMLAnchorElement | null} */
  #link = null;
  #timer = 0;

  /** @param {Pick<ChatParts, "api" | "onCited" | "onFile">} parts */
  constructor({ api, onCited, onFile }) {
    this.#api = api;
    const log = byId("log", HTMLElement);
    log.after(this.#card);
    const point = (/** @type {Event} */ event) => this.#later(linkAt(event, "a.cite, .sources a"));
    for (const kind of ["pointerover", "focusin"]) log.addEventListener(kind, point);
    for (const kind of ["pointerleave", "focusout"]) {
      log.addEventListener(kind, () => this.#later(null));
    }
    this.#card.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.#card.addEventListener("pointerleave", () => this.#later(null));
    addEventListener("scroll", () => this.#hide(), true);
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#hide());
    log.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const file = target?.closest("[data-file]")?.getAttribute("data-file");
      if (file) onFile(file);
      const cited = citationIn(linkAt(event, "a")?.href ?? "");
      this.#hide();
      if (!cited || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      onCited(cited);
    });
  }

  /** @param {HTMLAnchorElement | null} link */
  #later(link) {
    clearTimeout(this.#timer);
    if (link === this.#link) return;
    this.#timer = window.setTimeout(() => (link ? this.#show(link) : this.#hide()), REST_MS);
  }

  #hide() {
    clearTimeout(this.#timer);
    this.#link?.removeAttribute("aria-describedby");
    this.#link = null;
    this.#card.hidePopover();
  }

  /** @param {HTMLAnchorElement} link */
  async #show(link) {
    this.#hide();
    this.#link = link;
    link.setAttribute("aria-describedby", this.#card.id);
    const cited = citationIn(link.href);
    this.#fill(
      link.ariaLabel ?? link.textContent ?? "",
      cited ? text.loadingWork : new URL(link.href).host,
    );
    if (!cited) return;
    const found = await getCitation(this.#api, cited).catch((error) => ({ text: wordsOf(error) }));
    if (link !== this.#link) return;
    const title = "filename" in found ? text.place(found.filename, found.page) : "";
    this.#fill(title, found.text);
  }

  /** @type {(title: string, words: string) => void} */
  #fill(title, words) {
    const card = this.#card;
    card.replaceChildren(el("strong", {}, title), el("span", { dir: "auto" }, words));
    card.showPopover();
    const { left, top, bottom } = /** @type {Element} */ (this.#link).getBoundingClientRect();
    const above = bottom + card.offsetHeight + 2 * GAP_PX > innerHeight;
    card.style.left = `${Math.min(left, innerWidth - card.offsetWidth - GAP_PX)}px`;
    card.style.top = `${above ? top - card.offsetHeight - GAP_PX : bottom + GAP_PX}px`;
  }
}

/** @type {(event: Event, selector: string) => HTMLAnchorElement | null} */
const linkAt = ({ target }, selector) =>
  target instanceof Element ? /** @type {HTMLAnchorElement} */ (target.closest(selector)) : null;
