/** Passes the events of answers on to their views, and goes on when a run was allowed something. */

import { named, text } from "../strings.js";
import { follow } from "../wire/ask.js";
import { ApiError } from "../wire/errors.js";
import { decideApproval, getConversation, listApprovals } from "../wire/server.js";
import { hear } from "./hear.js";
import { told } from "./run-words.js";

/** Listens to the answers of the conversation that is open. */
export class Listener {
  #parts;
  #chat;
  /** @type {Set<AnswerView>} */
  #running = new Set();
  #elsewhere = new BroadcastChannel("steward-decided");
  /** @type {Set<AnswerView>} decided about while they were running */
  #again = new Set();

  /**
   * @param {ChatParts} parts
   * @param {Chat} chat
   */
  constructor(parts, chat) {
    this.#parts = parts;
    this.#chat = chat;
    this.#elsewhere.onmessage = () => this.look();
  }

  /** The run that is answering now, "" when there is none or it is not known yet. */
  get runId() {
    return [...this.#running].at(-1)?.runId ?? "";
  }

  get isRunning() {
    return this.#running.size > 0;
  }

  /** Care no more for what is running. */
  rest() {
    this.#running.clear();
    this.#tell();
  }

  #tell() {
    this.#parts.composer.setRunning(this.isRunning);
    this.#chat.messages.setBusy(this.isRunning);
  }

  /**
   * Show an answer as it comes; false when the messages that are shown are not those of the
   * conversation any more. Throws only what happened before it began, and when the reader has left.
   * @type {(events: Answering, answer: AnswerView, signal: AbortSignal) => Promise<boolean>}
   */
  async listen(events, answer, signal) {
    const { announce, onChanged, onError } = this.#parts;
    if (signal.aborted) await events.next(); // what was asked is put all the same; then it throws
    this.#running.add(answer);
    this.#tell();
    announce(text.answering);
    answer.begin();
    let placed = true;
    try {
      const ending = await hear(events, answer, (id) => this.#chat.opened(id));
      const { state, failure, code } = ending;
      placed = await this.#complete(answer, state, signal);
      if (signal.aborted) return true;
      answer.finish(state, failure);
      const end = state === "completed" ? text.answered : named(told.states, state);
      const fault = new ApiError(failure, 502, { code });
      if (fault.upstream) onError(fault);
      else if (state !== "waiting") announce(failure || end);
      onChanged(this.#chat.id);
    } finally {
      this.#running.delete(answer);
      if (!signal.aborted) this.#tell();
    }
    return this.#again.delete(answer) ? this.follow(answer, signal) : placed;
  }

  /** @type {(answer: AnswerView, signal: AbortSignal) => Promise<boolean>} from its beginning */
  follow(answer, signal) {
    return this.listen(follow(this.#parts.api, answer.runId, { signal }), answer, signal);
  }

  /**
   * Tell the server whether a call may be made, and go on with the answer.
   * @type {(answer: AnswerView, callId: string, decision: Decision, signal: AbortSignal) => Promise<void>}
   */
  async decide(answer, callId, decision, signal) {
    try {
      await decideApproval(this.#parts.api, answer.runId, callId, decision);
      answer.approvals.settle(callId, decision === "approve" ? "approved" : "denied");
      this.#elsewhere.postMessage("");
    } catch (error) {
      // It may have expired or have been decided elsewhere: then the answer goes on all the same.
      await this.#askAgain(answer);
      if (answer.approvals.isOpen(callId)) throw error;
    }
    if (this.#running.has(answer)) this.#again.add(answer);
    else this.#goOn(answer, signal);
  }

  /** Take over what was decided elsewhere about answers that wait, and go on with those that do not any more. */
  async look() {
    const { messages, signal } = this.#chat;
    const waits = (/** @type {AnswerView} */ one) => one.state === "waiting";
    for (const one of messages.answers.filter(waits)) {
      await this.#askAgain(one);
      if (!signal.aborted && waits(one) && !one.approvals.open) this.#goOn(one, signal);
    }
  }

  /** @type {(answer: AnswerView, signal: AbortSignal) => Promise<void>} */
  async #goOn(answer, signal) {
    try {
      if (!(await this.follow(answer, signal))) this.#chat.open(this.#chat.id);
    } catch (error) {
      if (!signal.aborted) this.#parts.onError(error);
    }
  }

  /** @type {(answer: AnswerView) => Promise<void>} fetch what was decided meanwhile */
  async #askAgain(answer) {
    const approvals = await listApprovals(this.#parts.api, answer.runId).catch(() => []);
    for (const one of approvals) answer.approvals.ask(one);
  }

  /**
   * Fetch what a stream does not tell: what was decided, where markers lead to, and which versions
   * of the messages there are.
   * @type {(answer: AnswerView, state: string, signal: AbortSignal) => Promise<boolean>}
   */
  async #complete(answer, state, signal) {
    const { id, messages } = this.#chat;
    if (state === "waiting") await this.#askAgain(answer);
    const after = messages.before(answer);
    const found = await getConversation(this.#parts.api, id, { signal, after }).catch(
      ({ status }) => status !== 404,
    );
    if (typeof found === "boolean") return found;
    if (answer.lacksAnnotations) {
      const said = found.messages.filter((one) => one.run_id === answer.runId);
      const annotations = said.flatMap((one) => one.message.annotations ?? []);
      if (annotations.length > 0) answer.handle({ kind: "annotations", annotations });
    }
    return messages.place(found.messages, after);
  }
}
