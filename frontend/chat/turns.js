/**
 * Changes the conversation that is open, one change at a time: puts questions, lets messages be given
 * anew, and shows them in other versions. What the server refuses leaves everything as it was.
 */

import { attachedIn } from "../files/attached.js";
import { text } from "../strings.js";
import { ask } from "../wire/ask.js";
import { ApiError } from "../wire/errors.js";
import { getConversation, resumeRun, showVersion } from "../wire/server.js";
import { withFiles, wordsOf } from "./path.js";
import { inWords, refusedAfter } from "./refusals.js";
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

  /** @type {(words: string, files: StoredFile[], giveBack: () => void) => Promise<void>} what cannot be put becomes the draft again */
  send(words, files, giveBack) {
    return this.#alone(() => this.#put(withFiles(words, files)), giveBack);
  }

  /** @type {(question: QuestionView, content: unknown) => Promise<void>} */
  edit(question, content) {
    const put = () => this.#put(content, question);
    const keep = () => this.#parts.composer.drafts.keepEdit(question.place.id, wordsOf(content));
    return this.#alone(() => this.#chat.locate(question).then(put), keep);
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
    const open = () => this.#chat.open(this.#chat.id);
    return this.#alone(() => resumeRun(this.#parts.api, answer.runId).then(open));
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
  async #alone(make, giveBack) {
    const { messages, listener } = this.#chat;
    if (this.isBusy) {
      this.#parts.announce(text.busy);
      return giveBack?.();
    }
    const change = {};
    this.#change = change;
    this.#parts.onTry();
    messages.setBusy(true);
    try {
      await make();
    } catch (error) {
      const left = this.#change !== change;
      if (left && !(giveBack && error instanceof ApiError)) return; // what was asked is put
      giveBack?.();
      this.#parts.onError(left ? refusedAfter(error) : inWords(error));
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
    composer.scope.add(attachedIn(content));
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
      if (signal.aborted)
        this.#parts.onChanged(this.#chat.id); // what was put is in the list
      else {
        undo();
        view.setWelcome(messages.isEmpty);
        this.#refused(error, content, from);
      }
      throw error;
    }
  }

  /** @type {(error: unknown, content: unknown, from?: MessageView) => void} */
  #refused(error, content, from) {
    if (!from || !(error instanceof ApiError) || error.status !== 400) return;
    this.#parts.composer.draft ||= wordsOf(content); // its message is not shown any more
    this.#chat.open(this.#chat.id);
  }
}
