/** The documents beside the conversation: the list and what is on its way, or the text of one. */

import { byId, NARROW, styled } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";
import { Arrivals } from "./arrivals.js";
import { FileList } from "./file-list.js";
import { resizable } from "./panel-width.js";

/** Opens and closes; when it closes, the focus goes back to where it came from. */
export class FilesPanel {
  #panel = byId("files", HTMLElement);
  #main = byId("main", HTMLElement);
  #title = byId("files-title", HTMLElement);
  #listPart = byId("files-part", HTMLElement);
  #viewPart = byId("file-view", HTMLElement);
  #back = byId("files-back", HTMLButtonElement);
  #adder = byId("add-files", HTMLButtonElement);
  #opener = byId("open-files", HTMLButtonElement);
  /** @type {Element | null} */
  #from = null;
  #api;
  #list;
  /** @type {FileView | null} */
  #view = null;
  #arrivals;

  /** @param {{ api: Api, uploads: Uploads, onAttach: (file: StoredFile) => void, onRead: (words: string) => void }} parts */
  constructor({ api, uploads, onAttach, onRead }) {
    this.#api = api;
    this.#arrivals = new Arrivals(uploads, this.#title);
    this.#list = new FileList({
      ...{ api, onRead },
      onShow: (id) => this.showFile(id),
      onAttach: (file) => {
        if (this.#main.inert) this.close();
        onAttach(file);
      },
      onPassage: (id) => this.showCitation(id),
    });
    uploads.onSent = () => this.#isListed() && this.#list.refreshSoon();
    this.#back.addEventListener("click", () => this.#open("list"));
    byId("close-files", HTMLButtonElement).addEventListener("click", () => this.close());
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    resizable(this.#panel);
    addEventListener("popstate", () => matchMedia(NARROW).matches && this.close());
    matchMedia(NARROW).addEventListener("change", () => this.#coverMain());
  }

  /** Open the list, or close what is open. */
  toggle() {
    if (this.#panel.hidden) this.#open("list");
    else this.close();
  }

  /** @type {(id: string) => void} open the passage that a citation points at */
  showCitation(id) {
    this.#look((view) => view.showCitation(id));
  }

  /** @param {(view: FileView) => Promise<void>} work */
  async #look(work) {
    this.#open("text");
    try {
      const [{ FileView }] = await Promise.all([import("./file-view.js"), styled("preview")]);
      if (!this.#viewPart.checkVisibility()) return; // it was closed meanwhile
      this.#view ??= new FileView({ api: this.#api, host: this.#viewPart, title: this.#title });
      await work(this.#view);
    } catch (error) {
      this.#viewPart.replaceChildren(wordsOf(error));
    }
  }

  /** @type {(id: string) => void} open the text of a file */
  showFile(id) {
    this.#look((view) => view.showFile(id));
  }

  /** Go on after a new log-in. */
  resume() {
    if (this.#isListed()) this.#list.refresh();
  }

  #isListed = () => this.#listPart.checkVisibility();

  /** Close it; uploads go on. */
  close() {
    if (this.#panel.hidden) return;
    this.#panel.hidden = true;
    this.#opener.setAttribute("aria-expanded", "false");
    this.#coverMain();
    this.#list.rest();
    this.#view?.clear();
    if (history.state?.panel === location.href) history.back();
    this.#opener.focus(); // stays there when what had the focus is gone or cannot have it
    if (this.#from instanceof HTMLElement) this.#from.focus();
  }

  /** Forget everything, as when another person logs in. */
  clear() {
    this.#arrivals.clear();
    this.#list.clear();
    this.close();
  }

  /** @type {(files: File[]) => void} upload them, and show how far they are */
  add(files) {
    if (files.length > 0) this.#open("list");
    this.#arrivals.add(files);
  }

  /** @param {"list" | "text"} part */
  #open(part) {
    const focused = document.activeElement;
    if (!this.#panel.contains(focused)) this.#from = focused;
    // Where it lies over the conversation, going back closes it.
    if (this.#panel.hidden && matchMedia(NARROW).matches) {
      history.pushState({ panel: location.href }, "");
    }
    this.#panel.hidden = false;
    this.#opener.setAttribute("aria-expanded", "true");
    this.#coverMain();
    const isList = part === "list";
    this.#listPart.hidden = !isList;
    this.#viewPart.hidden = isList;
    this.#back.hidden = isList;
    this.#adder.hidden = !isList;
    this.#title.textContent = text.files;
    this.#title.focus();
    this.#view?.clear();
    if (isList) this.#list.refresh();
    else this.#list.rest();
  }

  /** On a narrow screen the panel lies over the conversation, which then cannot be reached. */
  #coverMain() {
    this.#main.inert = !this.#panel.hidden && matchMedia(NARROW).matches;
  }
}
