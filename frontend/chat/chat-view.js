/** Shows a conversation: questions and answers in order, or a welcome while there are none. */

import { byId, copyButton, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { loadLibraries } from "../text/reader.js";
import { AnswerView } from "./answer-view.js";
import { Known } from "./known.js";
import { ScrollFollower } from "./scroll.js";
import { recall, storedTrace } from "./stored-trace.js";

/** The conversation in the middle of the page. */
export class ChatView {
  #log = byId("log", HTMLElement);
  #welcome = byId("welcome", HTMLElement);
  #noServer = byId("no-server", HTMLElement);
  #title = byId("title", HTMLElement);
  #scroll = new ScrollFollower(byId("scroller", HTMLElement), byId("to-end", HTMLButtonElement));

  #known = new Known();
  #does;
  /** @type {AnswerView[]} */
  #answers = [];

  /** @param {Omit<AnswerDoes, "onGrow" | "onKnown">} does */
  constructor(does) {
    const onKnown = () => this.#answers.forEach((one) => void one.render());
    this.#does = { ...does, onGrow: () => this.#scroll.grow(), onKnown };
    // A picture takes its room when it has come.
    this.#log.addEventListener("load", this.#does.onGrow, { capture: true });
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
    loadLibraries(); // beside what is fetched meanwhile
    this.#log.replaceChildren();
    this.#answers = [];
    this.#known = new Known();
    this.#welcome.hidden = !welcome;
    this.#scroll.toStart();
    this.setTitle("");
  }

  /**
   * Show stored messages.
   * @type {(messages: readonly StoredMessage[], loadTrace: LoadTrace) => AnswerView[]}
   * @returns those whose runs wait to be allowed something
   */
  show(messages, loadTrace) {
    const waiting = [];
    for (const stored of messages) {
      const words = wordsOf(stored.message.content);
      const waits = stored.state === "waiting";
      if (stored.message.role === "user") this.#addQuestion(words);
      else if (stored.message.role === "assistant" && (words || waits)) {
        const answer = this.#addStored(stored, words, loadTrace);
        if (waits) waiting.push(answer);
      }
    }
    this.#welcome.hidden = true;
    this.#scroll.toEnd();
    recall(this.#answers, this.#known, loadTrace);
    return waiting;
  }

  /** @type {(words: string) => HTMLElement} add a question and go to it */
  ask(words) {
    this.#welcome.hidden = true;
    const question = this.#addQuestion(words);
    this.#does.onKnown();
    this.#scroll.toEnd();
    return question;
  }

  /**
   * Add an answer.
   * @param {string} [runId]
   * @param {TraceView} [trace]
   */
  answer(runId, trace) {
    const view = new AnswerView(this.#known, this.#does, runId, trace);
    this.#answers.push(view);
    this.#log.append(view.element);
    return view;
  }

  /** Bring the welcome back when nothing was said after all. */
  settle() {
    this.#welcome.hidden = this.#log.hasChildNodes();
  }

  /** @param {string} words */
  #addQuestion(words) {
    this.#known.hear(words);
    const bubble = el("p", { class: "bubble" }, words);
    const title = el("h2", { class: "visually-hidden" }, text.you);
    const question = el("article", { class: "question" }, title, bubble);
    this.#log.append(question);
    return question;
  }

  /** @type {(stored: StoredMessage, words: string, loadTrace: LoadTrace) => AnswerView} */
  #addStored({ message, state, run_id }, words, loadTrace) {
    const runId = run_id ?? "";
    const told = runId && state !== "waiting"; // one that waits is told again as it goes on
    const view = this.answer(runId, told ? storedTrace(() => loadTrace(runId)) : undefined);
    view.handle({ kind: "content", text: words });
    if (message.annotations?.length) {
      view.handle({ kind: "annotations", annotations: message.annotations });
    }
    view.finish(state);
    return view;
  }
}

/** @type {(content: unknown) => string} give the text of a message, which may come in parts */
function wordsOf(content) {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [];
  return parts.map((part) => part?.text ?? "").join("\n");
}
