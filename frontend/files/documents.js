/** The ways to the documents and to files for the chat; the panel is loaded when it is first wanted. */

import { byId, styled } from "../kit/dom.js";
import { Later } from "../kit/later.js";
import { takeFiles } from "./drops.js";

/** Everybody's hold on the panel. */
export class Documents {
  #composer;
  #panel;

  /** @param {DocumentsParts} parts */
  constructor({ api, composer, onRead, onLost }) {
    const { attachments, uploads } = composer;
    this.#composer = composer;
    this.#panel = new Later(async () => {
      const [{ FilesPanel }, sent] = await Promise.all([
        import("./files-panel.js"),
        uploads.get(),
        styled("files"),
      ]);
      const onAttach = (/** @type {StoredFile} */ file) => attachments.attach([file]);
      return new FilesPanel({ api, uploads: sent, onAttach, onRead });
    }, onLost);
    byId("open-files", HTMLButtonElement).addEventListener("click", () => {
      this.#panel.want((panel) => panel.toggle());
    });
    attachments.onTooMany = this.#add;
    takeFiles((files, toChat) => (toChat ? attachments.add(files) : this.#add(files)));
  }

  /** @type {(id: string) => void} open the passage that a citation points at */
  showCitation = (id) => this.#panel.want((panel) => panel.showCitation(id));

  /** @type {(id: string) => void} open the text of a file */
  showFile = (id) => this.#panel.want((panel) => panel.showFile(id));

  /** Go on after a new log-in. */
  resume() {
    this.#composer.uploads.now?.resume();
    this.#panel.now?.resume();
  }

  /** Forget everything, as when another person logs in. */
  clear() {
    this.#composer.attachments.clear();
    this.#panel.now?.clear();
  }

  /** @param {File[]} files */
  #add = (files) => this.#panel.want((panel) => panel.add(files));
}
