/**
 * Runs the conversation that is open: loads it, puts questions, follows answers, stops them.
 * Not for: how any of it looks (`chat-view.js`) or the list of conversations (`shell/sidebar.js`).
 */

import { attachedIn } from "../files/attached.js";
import { text } from "../strings.js";
import { ask } from "../wire/ask.js";
import { ApiError } from "../wire/events.js";
import { cancelRun, getConversation, getEvents } from "../wire/server.js";
import { Listener } from "./listen.js";

/** The conversation that is open; `id` is "" for one that has not begun. */
export class Chat {
  #parts;
  #stay = new AbortController();
  #listener;
  #stopWanted = false;

  /** @param {ChatParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#listener = new Listener(parts, this);
    this.id = "";
  }

  /** Leave for an empty conversation; an answer that is being worked on is finished by the server. */
  startNew() {
    const { view, composer } = this.#parts;
    this.#leave("");
    view.clear();
    composer.scope.open();
  }

  /**
   * Open a stored conversation and go on with the answer it is being given.
   * @param {string} id
   */
  async open(id) {
    const { api, view, composer, onError, onMissing } = this.#parts;
    const signal = this.#leave(id);
    composer.scope.open();
    view.clear({ welcome: false });
    try {
      const found = await getConversation(api, id, signal);
      view.setTitle(found.title || text.untitled);
      composer.scope.open(found);
      composer.scope.add(found.messages.flatMap((one) => attachedIn(one.message.content)));
      const answers = view.show(found.messages, (runId) => getEvents(api, runId));
      const active = found.active_run_id;
      if (active && answers.every((one) => one.runId !== active)) answers.push(view.answer(active));
      await Promise.all(answers.map((one) => this.#listener.follow(one, signal)));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 404) onMissing();
      else onError(error);
    }
  }

  /**
   * Put a question in the open conversation; when it cannot be put, it becomes the draft again.
   * @type {(content: string, files: StoredFile[]) => Promise<void>}
   */
  async send(content, files) {
    const { api, view, composer, pickers, onError } = this.#parts;
    const signal = this.#leave(this.id);
    const question = view.ask(content, files);
    const answer = view.answer();
    const { model, mode } = pickers;
    try {
      composer.scope.add(files);
      const fileIds = await composer.scope.ids();
      const asked = { model, mode, content, files, fileIds, sessionId: this.id };
      await this.#listener.listen(ask(api, asked, { signal }), answer, signal);
    } catch (error) {
      if (signal.aborted) return;
      question.remove();
      answer.element.remove();
      view.settle();
      composer.restore(content, files);
      onError(error);
    }
  }

  /** Stop the answer; what was said is kept. */
  async stop() {
    const { api, onError } = this.#parts;
    this.#stopWanted = true;
    try {
      const runId =
        this.#listener.runId || (this.id && (await getConversation(api, this.id)).active_run_id);
      if (runId) await cancelRun(api, runId);
    } catch (error) {
      onError(error);
    }
  }

  /**
   * Tell the server whether a call may be made, and go on with the answer.
   * @type {(answer: AnswerView, callId: string, decision: Decision) => Promise<void>}
   */
  decide(answer, callId, decision) {
    return this.#listener.decide(answer, callId, decision, this.#stay.signal);
  }

  /** @param {string} id where to */
  #leave(id) {
    this.#stay.abort();
    this.#stay = new AbortController();
    this.#stopWanted = false;
    this.id = id;
    this.#listener.rest();
    return this.#stay.signal;
  }

  /** @type {OnOpen} */
  opened(_, sessionId) {
    const { composer, onChanged, onError } = this.#parts;
    if (sessionId) this.id = sessionId;
    if (sessionId) composer.scope.began(sessionId).catch(onError);
    onChanged(this.id);
    if (this.#stopWanted) this.stop();
  }
}
