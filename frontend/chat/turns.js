/**
 * Changes the conversation that is open, one change at a time: puts questions, lets messages be given
 * anew, and shows them in other versions. What the server refuses leaves everything as it was.
 */

import { text } from "../strings.js";
import { ask } from "../wire/ask.js";
import { ApiError } from "../wire/errors.js";
import { getConversation, resumeRun, showVersion } from "../wire/server.js";
import { withFiles, wordsOf } from "./path.js";
import { inWords } from "./refusals.js";
import { exchange } from "./stored-messages.js";

/** The changes of a conversation. */
export class Turns {
  #parts;
  #chat;
  /** @type {object | null} */
  #change = null;

  /** @param {ChatParts} parts @param {Chat} chat */
  constructor(parts, chat) {
    this.#parts = parts;
    this.#chat = chat;
  }

  get isBusy() {
    return this.#change !== null || this.#chat.listener.isRunning;
  }

  /** Care no more for a change that is being made, as when another conversation is opened. */
  rest() {
    this.#change = null;
  }

  /** @type {(words: string, files: StoredFile[]) => Promise<void>} what cannot be put becomes the draft again */
  async send(words, files) {
    const { composer } = this.#parts;
    const put = () => {
      composer.scope.add(files);
      return this.#put(withFiles(words, files));
    };
    await this.#alone(put, () => composer.restore(words, files));
  }

  /** @type {(question: QuestionView, content: unknown) => Promise<void>} */
  edit(question, content) {
    const put = () => this.#put(content, question);
    return this.#alone(() => this.#chat.locate(question).then(put));
  }

  /** @type {(answer: AnswerView, mode?: string) => Promise<void>} give another answer to the question */
  again(answer, mode) {
    return this.#alone(async () => {
      await this.#chat.locate(answer);
      const question = this.#chat.messages.questionOf(answer);
      const place = answer.place.id || question?.place.id; // of the question if nothing was kept
      if (place) await this.#put(undefined, answer, mode, place);
    });
  }

  /** @type {(answer: AnswerView) => Promise<void>} let an interrupted answer go on, and follow it */
  resume(answer) {
    const { api } = this.#parts;
    const open = () => this.#chat.open(this.#chat.id);
    return this.#alone(() => resumeRun(api, answer.runId).then(open));
  }

  /** @type {(view: MessageView, id: string, back: boolean) => Promise<void>} */
  switchTo(view, id, back) {
    return this.#alone(async () => {
      const { api, announce } = this.#parts;
      const { messages, signal, loadRun } = this.#chat;
      await showVersion(api, this.#chat.id, id);
      const after = messages.before(view);
      const found = await getConversation(api, this.#chat.id, { signal, after });
      if (signal.aborted) return;
      const answers = exchange(messages, view, found, loadRun, back);
      const { versions } = view.place;
      announce(text.versionShown(versions.indexOf(id) + 1, versions.length));
      if (messages.place(found.messages, after)) await this.#chat.follow(answers);
      else await this.#chat.open(this.#chat.id);
    });
  }

  /** @type {(make: () => Promise<unknown>, giveBack?: () => void) => Promise<void>} */
  async #alone(make, giveBack = () => {}) {
    const { messages, listener } = this.#chat;
    if (this.isBusy) {
      this.#parts.announce(text.busy);
      return giveBack();
    }
    const change = {};
    this.#change = change;
    this.#parts.onTry();
    messages.setBusy(true);
    try {
      await make();
    } catch (error) {
      giveBack();
      if (this.#change !== change) return;
      this.#parts.onError(inWords(error));
    } finally {
      if (this.#change === change) {
        this.#change = null;
        messages.setBusy(listener.isRunning);
      }
    }
  }

  /**
   * Put a question, or without content ask for another answer; in the place of `from` and all behind it.
   * `replaces` is what the server is told of, the message itself if not given.
   * @type {(content: unknown, from?: MessageView, mode?: string, replaces?: string) => Promise<void>}
   */
  async #put(content, from, mode = this.#parts.pickers.mode, replaces = from?.place.id ?? "") {
    const { api, view, composer, pickers } = this.#parts;
    const { messages, listener, id: sessionId } = this.#chat;
    const signal = this.#chat.renew();
    const undo = messages.cut(from);
    if (content !== undefined) messages.ask(content).fillBar();
    const answer = messages.answer();
    view.setWelcome(false);
    messages.scroll.toEnd();
    composer.focus();
    try {
      const fileIds = await composer.scope.ids();
      const asked = { model: pickers.model, mode, content, fileIds, sessionId, replaces };
      const placed = await listener.listen(ask(api, asked, { signal }), answer, signal);
      if (placed) return;
      // It was changed elsewhere, or the server kept nothing of the answer and went back.
      this.#chat.open(this.#chat.id);
      if (answer.note) this.#parts.onError(new Error(answer.note));
    } catch (error) {
      if (signal.aborted) return this.#parts.onChanged(this.#chat.id); // it is in the list
      undo();
      view.setWelcome(messages.isEmpty);
      this.#refused(error, content, from);
    }
  }

  /** @type {(error: unknown, content: unknown, from?: MessageView) => never} */
  #refused(error, content, from) {
    const { status = 0 } = error instanceof ApiError ? error : {};
    const moved = from && status === 400; // it is not shown any more
    if (moved || (from && status === 401)) this.#parts.composer.draft ||= wordsOf(content);
    if (moved) this.#chat.open(this.#chat.id);
    throw error;
  }
}
