/**
 * Runs the conversation that is open: loads it, puts questions, follows answers, stops them.
 * Not for: how any of it looks (`chat-view.js`) or the list of conversations (`shell/sidebar.js`).
 */

import { text } from "../strings.js";
import { ask } from "../wire/ask.js";
import { follow } from "../wire/follow.js";
import { cancelRun, getAnnotations, getConversation, getRun } from "../wire/server.js";
import { listen } from "./listen.js";

/** @import { Api } from "../api.js" */
/** @import { AnswerView } from "./answer-view.js" */
/** @import { ChatView } from "./chat-view.js" */
/** @import { Composer } from "./composer.js" */
/** @import { OnOpen } from "./listen.js" */
/** @import { Pickers } from "./pickers.js" */
/** @import { AnswerEvent } from "../wire/shapes.js" */

/**
 * `announce` tells people who do not see the page; `onChanged`, that a conversation began or went on.
 * @typedef {{ api: Api, view: ChatView, composer: Composer, pickers: Pickers,
 *   onError: (error: unknown) => void, announce: (words: string) => void,
 *   onChanged: (id: string) => void }} ChatParts
 */

/** The conversation that is open; `id` is "" for one that has not begun. */
export class Chat {
  #parts;
  #stay = new AbortController();
  #runId = "";
  #stopWanted = false;

  /** @param {ChatParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.id = "";
  }

  /** Leave for an empty conversation; an answer that is being worked on is finished by the server. */
  startNew() {
    this.#leave("");
    this.#parts.view.clear();
  }

  /**
   * Open a stored conversation and go on with the answer it is being given.
   * @param {string} id
   */
  async open(id) {
    const { api, view, onError } = this.#parts;
    const signal = this.#leave(id);
    view.clear({ welcome: false });
    try {
      const found = await getConversation(api, id, signal);
      view.setTitle(found.title || text.untitled);
      view.show(found.messages, async (runId) => (await getRun(api, runId)).trace.events ?? []);
      const runId = found.active_run_id;
      if (!runId) return;
      this.#runId = runId;
      await this.#listen(follow(api, runId, { signal }), view.answer(), signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }

  /**
   * Put a question in the open conversation; when it cannot be put, it becomes the draft again.
   * @param {string} content
   */
  async send(content) {
    const { api, view, composer, pickers, onError } = this.#parts;
    const signal = this.#leave(this.id);
    const question = view.ask(content);
    const answer = view.answer();
    const { model, mode } = pickers;
    try {
      const asked = { model, mode, content, sessionId: this.id };
      await this.#listen(ask(api, asked, { signal }), answer, signal);
    } catch (error) {
      if (signal.aborted) return;
      question.remove();
      answer.element.remove();
      view.settle();
      composer.draft ||= content;
      onError(error);
    }
  }

  /** Stop the answer; what was said is kept. */
  async stop() {
    const { api, onError } = this.#parts;
    this.#stopWanted = true;
    try {
      const runId = this.#runId || (this.id && (await getConversation(api, this.id)).active_run_id);
      if (runId) await cancelRun(api, runId);
    } catch (error) {
      onError(error);
    }
  }

  /** @param {string} id where to */
  #leave(id) {
    this.#stay.abort();
    this.#stay = new AbortController();
    this.#runId = "";
    this.#stopWanted = false;
    this.id = id;
    this.#parts.composer.setRunning(false);
    return this.#stay.signal;
  }

  /**
   * Show an answer as it comes. Throws only what happened before it began.
   * @param {AsyncGenerator<AnswerEvent, void, void>} events
   * @param {AnswerView} answer
   * @param {AbortSignal} signal
   */
  async #listen(events, answer, signal) {
    const { api, composer, announce, onChanged } = this.#parts;
    composer.setRunning(true);
    announce(text.answering);
    const options = { begun: this.#runId !== "", onOpen: this.#opened.bind(this) };
    try {
      const { state, failure } = await listen(events, answer, options);
      // A replay does not tell where the markers lead to.
      const lacking = answer.lacksAnnotations;
      const found = lacking ? await getAnnotations(api, this.id, this.#runId).catch(() => []) : [];
      if (signal.aborted) return;
      if (found.length > 0) answer.handle({ kind: "annotations", annotations: found });
      answer.finish(state, failure);
      announce(failure || text.answered);
      onChanged(this.id);
    } finally {
      if (!signal.aborted) composer.setRunning(false);
    }
  }

  /** @type {OnOpen} */
  #opened(runId, sessionId) {
    this.#runId = runId;
    if (sessionId) this.id = sessionId;
    this.#parts.onChanged(this.id);
    if (this.#stopWanted) this.stop();
  }
}
