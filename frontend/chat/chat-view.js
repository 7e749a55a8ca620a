/** The title of the conversation, and a welcome while nothing is said in it. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";

/** What stands around the messages. */
export class ChatView {
  #welcome = byId("welcome", HTMLElement);
  #title = byId("title", HTMLElement);

  /**
   * Show the title of the conversation, on the page and in the browser's tab.
   * @param {string} title
   */
  setTitle(title) {
    this.#title.textContent = title || text.newChat;
    document.title = title ? `${title} · ${text.name}` : text.name;
  }

  /** @type {(welcome: boolean) => void} show the welcome, or take it away */
  setWelcome(welcome) {
    this.#welcome.hidden = !welcome;
  }
}
