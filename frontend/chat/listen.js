/** Passes the events of answers on to their views, and goes on when a run was allowed something. */

import { text } from "../strings.js";
import { follow } from "../wire/ask.js";
import { ApiError } from "../wire/events.js";
import { decideApproval, getAnnotations, listApprovals } from "../wire/server.js";

/** Listens to the answers of the conversation that is open. */
export class Listener {
  #parts;
  #chat;
  /** @type {Set<AnswerView>} */
  #running = new Set();
  /** @type {Set<AnswerView>} decided about while they were running */
  #again = new Set();

  /**
   * @param {ChatParts} parts
   * @param {{ id: string, opened: OnOpen }} chat
   */
  constructor(parts, chat) {
    this.#parts = parts;
    this.#chat = chat;
  }

  /** The run that is answering now, "" when there is none or it is not known yet. */
  get runId() {
    return [...this.#running].at(-1)?.runId ?? "";
  }

  /** Care no more for what is running. */
  rest() {
    this.#running.clear();
    this.#parts.composer.setRunning(false);
  }

  /**
   * Show an answer as it comes. Throws only what happened before it began.
   * @param {Answering} events
   * @param {AnswerView} answer
   * @param {AbortSignal} signal
   */
  async listen(events, answer, signal) {
    const { composer, announce, onChanged, onError } = this.#parts;
    this.#running.add(answer);
    composer.setRunning(true);
    announce(text.answering);
    answer.begin();
    /** @type {OnOpen} */
    const onOpen = (runId, sessionId) => {
      answer.runId = runId;
      this.#chat.opened(runId, sessionId);
    };
    try {
      const { state, failure, code } = await listen(events, answer, {
        begun: answer.runId !== "",
        onOpen,
      });
      await this.#complete(answer, state);
      if (signal.aborted) return;
      answer.finish(state, failure);
      if (state !== "waiting") announce(failure || text.answered);
      const fault = new ApiError(failure, 502, { code });
      if (fault.upstream) onError(fault);
      onChanged(this.#chat.id);
    } finally {
      this.#running.delete(answer);
      if (!signal.aborted) composer.setRunning(this.#running.size > 0);
    }
    if (this.#again.delete(answer)) await this.follow(answer, signal);
  }

  /** @type {(answer: AnswerView, signal: AbortSignal) => Promise<void>} from its beginning */
  follow(answer, signal) {
    return this.listen(follow(this.#parts.api, answer.runId, { signal }), answer, signal);
  }

  /**
   * Tell the server whether a call may be made, and go on with the answer.
   * @type {(answer: AnswerView, callId: string, decision: Decision, signal: AbortSignal) => Promise<void>}
   */
  async decide(answer, callId, decision, signal) {
    const { api, onError } = this.#parts;
    try {
      await decideApproval(api, answer.runId, callId, decision);
      answer.approvals.settle(callId, decision === "approve" ? "approved" : "denied");
    } catch (error) {
      // It may have expired or have been decided elsewhere: then the answer goes on all the same.
      await this.#complete(answer, "waiting");
      if (answer.approvals.isOpen(callId)) throw error;
    }
    if (this.#running.has(answer)) this.#again.add(answer);
    else this.follow(answer, signal).catch(onError);
  }

  /**
   * Fetch what a replay does not tell: where the markers lead to, and what was decided meanwhile.
   * @type {(answer: AnswerView, state: string) => Promise<void>}
   */
  async #complete(answer, state) {
    const { api } = this.#parts;
    if (state === "waiting") {
      const approvals = await listApprovals(api, answer.runId).catch(() => []);
      for (const one of approvals) answer.approvals.ask(one);
    }
    if (!answer.lacksAnnotations) return;
    const annotations = await getAnnotations(api, this.#chat.id, answer.runId).catch(() => []);
    if (annotations.length > 0) answer.handle({ kind: "annotations", annotations });
  }
}

/**
 * Listen to an answer to its end.
 * @param {Answering} events
 * @param {Hearer} answer
 * @param {{ begun: boolean, onOpen?: OnOpen }} options `begun` when it is joined, not asked for
 * @returns {Promise<Ending>}
 * @throws {ApiError} when it fails before it has begun; later failures are part of the ending
 */
export async function listen(events, answer, { begun, onOpen }) {
  const ending = { state: "completed", failure: "", code: "" };
  let underWay = begun;
  try {
    for await (const event of events) {
      underWay = true; // the first event of every answer comes with its beginning
      if (event.kind === "open") onOpen?.(event.runId, event.sessionId);
      else take(event, answer, ending);
    }
  } catch (error) {
    if (!underWay || !(error instanceof ApiError)) throw error;
    ending.failure = error.message;
    ending.code = error.code;
  }
  return ending;
}

/** @type {(event: AnswerEvent, answer: Hearer, ending: Ending) => void} */
function take(event, answer, ending) {
  if (event.kind === "end") ending.state = event.state;
  else if (event.kind === "error") {
    ending.failure = event.message;
    ending.code = event.code ?? "";
  } else answer.handle(event);
}
