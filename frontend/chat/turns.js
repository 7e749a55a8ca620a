/**
 * Changes the conversation that is open, one change at a time: puts questions, lets messages be given
 * anew, and shows them in other versions. What the server refuses leaves everything as it was.
 */

import { text } from "../strings.js";
import { ask } from "../wire/ask.js";
import { ApiError } from "../wire/errors.js";
import { getConversation, showVersion } from "../wire/server.js";
import { withFiles, wordsOf } from "./path.js";
import { exchange } from "./stored-messages.js";

/** The changes of a conversation. */
export class Turns {
  #parts;
  #chat;
  /** @type {object | null} */
  #change = null;

  /**
   * @param {ChatParts} parts
   * @param {Chat} chat
   */
  constructor(parts, chat) {
    this.#parts = parts;
    this.#chat = chat;
  }

  /** Care no more for a change that is being made, as when another conversation is opened. */
  rest() {
    this.#change = null;
  }

  /** @type {(words: string, files: StoredFile[]) => Promise<void>} what cannot be put becomes the draft again */
  send(words, files) {
    const { composer } = this.#parts;
    const put = async () => {
      composer.scope.add(files);
      const fault = await this.#put(withFiles(words, files)).catch((error) => error);
      if (!fault) return;
      composer.restore(words, files);
      throw fault;
    };
    return this.#alone(put, () => composer.restore(words, files));
  }

  /** @type {(question: QuestionView, content: unknown) => Promise<void>} */
  edit(question, content) {
    return this.#alone(async () => {
      await this.#locate(question);
      await this.#put(content, question);
    });
  }

  /** @type {(answer: AnswerView, mode?: string) => Promise<void>} give another answer to the question */
  again(answer, mode) {
    return this.#alone(async () => {
      await this.#locate(answer);
      if (answer.place.id) return this.#put(undefined, answer, mode);
      const question = this.#chat.messages.questionOf(answer); // nothing of the answer was kept
      if (question) await this.#put(question.content, question, mode);
    });
  }

  /** @type {(view: MessageView, id: string, back: boolean) => Promise<void>} */
  switchTo(view, id, back) {
    return this.#alone(async () => {
      const { api, announce } = this.#parts;
      const { messages, signal, loadRun } = this.#chat;
      await showVersion(api, this.#chat.id, id);
      const found = await getConversation(api, this.#chat.id, signal);
      if (signal.aborted) return;
      const answers = exchange(messages, view, found, loadRun, back);
      const { versions } = view.place;
      announce(text.versionShown(versions.indexOf(id) + 1, versions.length));
      if (messages.place(found.messages)) await this.#chat.follow(answers);
      else await this.#chat.open(this.#chat.id);
    });
  }

  /** @type {(make: () => Promise<unknown>, onBusy?: () => void) => Promise<void>} */
  async #alone(make, onBusy) {
    const { messages, listener } = this.#chat;
    if (this.#change || listener.isRunning) return onBusy?.();
    const change = {};
    this.#change = change;
    this.#parts.onTry();
    messages.setBusy(true);
    try {
      await make();
    } catch (error) {
      const elsewhere = error instanceof ApiError && error.status === 409;
      const told = elsewhere ? new Error(text.busyElsewhere) : error;
      if (this.#change === change) this.#parts.onError(told);
    } finally {
      if (this.#change === change) {
        this.#change = null;
        messages.setBusy(listener.isRunning);
      }
    }
  }

  /**
   * Put a question, or without content ask for another answer; in the place of a message and all that
   * followed it if one is given.
   * @type {(content: unknown, from?: MessageView, mode?: string) => Promise<void>}
   */
  async #put(content, from, mode = this.#parts.pickers.mode) {
    const { api, view, composer, pickers } = this.#parts;
    const { messages, listener, id: sessionId } = this.#chat;
    const signal = this.#chat.renew();
    const undo = messages.cut(from);
    if (content !== undefined) messages.ask(content);
    const answer = messages.answer();
    view.setWelcome(false);
    messages.scroll.toEnd();
    composer.focus();
    try {
      const fileIds = await composer.scope.ids();
      const replaces = from?.place.id ?? "";
      const asked = { model: pickers.model, mode, content, fileIds, sessionId, replaces };
      const placed = await listener.listen(ask(api, asked, { signal }), answer, signal);
      if (placed) return;
      // It was changed elsewhere, or the server kept nothing of the answer and went back.
      this.#chat.open(this.#chat.id);
      if (answer.note) this.#parts.onError(new Error(answer.note));
    } catch (error) {
      if (signal.aborted) return;
      undo();
      view.setWelcome(messages.isEmpty);
      this.#refused(error, content, from);
    }
  }

  /** @type {(error: unknown, content: unknown, from?: MessageView) => never} */
  #refused(error, content, from) {
    const { status = 0 } = error instanceof ApiError ? error : {};
    const moved = status === 400; // it is not shown any more
    if (from && (moved || status === 401)) this.#parts.composer.draft ||= wordsOf(content);
    if (from && moved) this.#chat.open(this.#chat.id);
    throw error;
  }

  /** @type {(view: MessageView) => Promise<void>} find out where a message stands, if that is not known */
  async #locate(view) {
    const { id, messages } = this.#chat;
    if (!view.place.id && id) messages.place((await getConversation(this.#parts.api, id)).messages);
  }
}
