/**
 * Runs the conversation that is open: loads it, follows its answers, stops them.
 * Not for: what changes it (`turns.js`), how any of it looks (`message-list.js`), or the list of
 * conversations (`shell/sidebar.js`).
 */

import { attachedIn } from "../files/attached.js";
import { SourceCard } from "../files/source-card.js";
import { byId } from "../kit/dom.js";
import { text } from "../strings.js";
import { loadLibraries } from "../text/reader.js";
import { ApiError } from "../wire/errors.js";
import { cancelRun, getConversation, getRun, original } from "../wire/server.js";
import { noticeElsewhere } from "./elsewhere.js";
import { Listener } from "./listen.js";
import { MessageList } from "./message-list.js";
import { showStored } from "./stored-messages.js";
import { Turns } from "./turns.js";

/** The conversation that is open; `id` is "" for one that has not begun. */
export class Chat {
  #parts;
  #stay = new AbortController();
  #stopWanted = false;
  /** @type {Map<string, Promise<Run>>} */
  #runs = new Map();
  id = "";

  /** @param {ChatParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.listener = new Listener(parts, this);
    this.turns = new Turns(parts, this);
    this.messages = new MessageList({
      // The log follows its end, and what has the focus is read out.
      onAsked: (card) =>
        parts.composer.idle
          ? card.focus({ preventScroll: true })
          : parts.announce(card.ariaLabel ?? ""),
      onDecide: (answer, callId, how) => this.listener.decide(answer, callId, how, this.signal),
      onEdit: (question, content) => this.turns.edit(question, content),
      onAgain: (answer, mode) => this.turns.again(answer, mode),
      onResume: (answer) => this.turns.resume(answer),
      onVersion: (view, id, back) => this.turns.switchTo(view, id, back),
      onReload: () => this.open(this.id),
      ...{ drafts: parts.composer.drafts, loadRun: this.loadRun },
      loadPicture: (id) => original(parts.api, id),
    });
    new SourceCard(parts);
    noticeElsewhere(parts.api, this);
  }

  /** Aborted when the reader leaves, or something new is asked. */
  get signal() {
    return this.#stay.signal;
  }

  /**
   * Open a stored conversation and go on with the answer it is being given, or leave for an empty one:
   * "". An answer that is being worked on is finished by the server.
   * @param {string} id
   */
  async open(id) {
    const { api, view, composer, onError, onMissing } = this.#parts;
    const sought = id === this.id ? "" : byId("search", HTMLInputElement).value;
    this.#goTo(id);
    if (!id) return;
    const { signal } = this;
    try {
      const [found] = await Promise.all([getConversation(api, id, { signal }), loadLibraries()]);
      view.setTitle(found.title || text.untitled);
      composer.scope.open(found);
      composer.scope.add(found.messages.flatMap((one) => attachedIn(one.message.content)));
      await this.follow(showStored(this.messages, found, this.loadRun, sought));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 404) onMissing();
      else onError(error);
    }
  }

  /** Stop the answer; what was said is kept. */
  async stop() {
    const { api, composer, onError } = this.#parts;
    this.#stopWanted = true;
    try {
      const runId =
        this.listener.runId || (this.id && (await getConversation(api, this.id)).active_run_id);
      if (runId) await cancelRun(api, runId);
    } catch (error) {
      composer.setRunning(this.listener.isRunning);
      onError(error);
    }
  }

  /** @type {OnOpen} */
  opened(id) {
    const { composer, onChanged, onError } = this.#parts;
    if (id) this.id = id;
    if (id) composer.scope.began(id).catch(onError);
    composer.drafts.begun(this.id);
    onChanged(this.id);
    if (this.#stopWanted) this.stop();
  }

  /** Care no more for answers that are being given, before another is asked for. */
  renew() {
    this.#stay.abort();
    this.#stay = new AbortController();
    this.#stopWanted = false;
    this.listener.rest();
    return this.signal;
  }

  /** @param {readonly AnswerView[]} answers to be told to their ends */
  async follow(answers) {
    const { signal } = this;
    await Promise.all(answers.map((one) => this.listener.follow(one, signal)));
  }

  /**
   * Give a run; one that has ended is fetched once.
   * @type {LoadRun}
   */
  loadRun = (id) => {
    const known = this.#runs.get(id);
    if (known) return known;
    const run = getRun(this.#parts.api, id);
    const forget = () => void this.#runs.delete(id);
    this.#runs.set(id, run);
    run.then(({ state }) => ["running", "waiting"].includes(state) && forget(), forget);
    return run;
  };

  /** @param {string} id */
  #goTo(id) {
    this.renew();
    this.turns.rest();
    this.#runs.clear();
    this.id = id;
    this.messages.clear();
  }

  /** @type {(view: MessageView) => Promise<void>} find out where a message stands, if that is not known */
  async locate(view) {
    const { id, messages, signal } = this;
    if (view.place.id || !id) return;
    messages.place((await getConversation(this.#parts.api, id, { signal })).messages);
  }
}
