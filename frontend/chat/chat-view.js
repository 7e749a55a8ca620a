/** Shows a conversation: questions and answers in order, or a welcome while there are none. */

import { copyButton } from "../kit/buttons.js";
import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { AnswerView } from "./answer-view.js";
import { ScrollFollower } from "./scroll.js";
import { storedTrace } from "./stored-trace.js";

/** @import { StoredMessage } from "../wire/shapes.js" */

/** @typedef {(runId: string) => Promise<object[]>} LoadTrace */

/** The conversation in the middle of the page. */
export class ChatView {
  #log = byId("log", HTMLElement);
  #welcome = byId("welcome", HTMLElement);
  #noServer = byId("no-server", HTMLElement);
  #title = byId("title", HTMLElement);
  #scroll = new ScrollFollower(byId("scroller", HTMLElement), byId("to-end", HTMLButtonElement));

  constructor() {
    const commands = text.commands.map((command) =>
      el(
        "li",
        {},
        el("code", {}, command),
        copyButton(() => command),
      ),
    );
    byId("commands", HTMLElement).append(...commands);
  }

  /**
   * Say on the welcome page whether a model server is there.
   * @param {boolean} connected
   */
  setServer(connected) {
    this.#noServer.hidden = connected;
  }

  /**
   * Show the title of the conversation, on the page and in the browser's tab.
   * @param {string} title
   */
  setTitle(title) {
    this.#title.textContent = title || text.newChat;
    document.title = title ? `${title} · ${text.name}` : text.name;
  }

  /** Show an empty conversation; the welcome stays away while one is being fetched. */
  clear({ welcome = true } = {}) {
    this.#log.replaceChildren();
    this.#welcome.hidden = !welcome;
    this.#scroll.toStart();
    this.setTitle("");
  }

  /**
   * Show stored messages.
   * @type {(messages: readonly StoredMessage[], loadTrace: LoadTrace) => void}
   */
  show(messages, loadTrace) {
    for (const stored of messages) {
      const words = wordsOf(stored.message.content);
      if (stored.message.role === "user") this.#addQuestion(words);
      else if (stored.message.role === "assistant" && words) {
        this.#addStored(stored, words, loadTrace);
      }
    }
    this.#welcome.hidden = true;
    this.#scroll.toEnd();
  }

  /**
   * Add a question and go to it.
   * @param {string} words
   */
  ask(words) {
    this.#welcome.hidden = true;
    const question = this.#addQuestion(words);
    this.#scroll.toEnd();
    return question;
  }

  /** Add an answer that is being worked on. */
  answer() {
    const view = new AnswerView({ onGrow: () => this.#scroll.grow() });
    this.#log.append(view.element);
    view.begin();
    this.#scroll.grow();
    return view;
  }

  /** Bring the welcome back when nothing was said after all. */
  settle() {
    this.#welcome.hidden = this.#log.hasChildNodes();
  }

  /** @param {string} words */
  #addQuestion(words) {
    const bubble = el("p", { class: "bubble" }, words);
    const title = el("h2", { class: "visually-hidden" }, text.you);
    const question = el("article", { class: "question" }, title, bubble);
    this.#log.append(question);
    return question;
  }

  /** @type {(stored: StoredMessage, words: string, loadTrace: LoadTrace) => void} */
  #addStored({ message, state, run_id: runId }, words, loadTrace) {
    const view = new AnswerView(runId ? { trace: storedTrace(() => loadTrace(runId)) } : {});
    view.handle({ kind: "content", text: words });
    if (message.annotations?.length) {
      view.handle({ kind: "annotations", annotations: message.annotations });
    }
    view.finish(state);
    this.#log.append(view.element);
  }
}

/**
 * Give the text of a message, which may come in parts.
 * @param {unknown} content
 */
function wordsOf(content) {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [];
  return parts.map((part) => part?.text ?? "").join("\n");
}
