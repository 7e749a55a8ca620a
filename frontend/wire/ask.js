/**
 * Puts a question and streams its answer. When the connection breaks the run is followed from its
 * beginning; readers only see `restart`.
 */

import { chunkEvents } from "./answer-events.js";
import { follow } from "./follow.js";
import { readEvents } from "./sse.js";

/** @import { Api } from "../api.js" */
/** @import { StreamOptions } from "./follow.js" */
/** @import { AnswerEvent } from "./shapes.js" */

/**
 * `mode` is auto, chat, react or plan; without `sessionId` a new conversation is kept.
 * @typedef {{ model: string, mode: string, content: string, sessionId?: string }} Question
 */

/**
 * Put a question and stream its answer.
 * @type {(api: Api, question: Question, options: StreamOptions) => AsyncGenerator<AnswerEvent, void, void>}
 */
export async function* ask(api, question, options) {
  const { signal } = options;
  const body = requestBody(question);
  const response = await api.open("/v1/chat/completions", { method: "POST", body, signal });
  const runId = response.headers.get("x-run-id") ?? "";
  yield { kind: "open", runId, sessionId: response.headers.get("x-session-id") ?? "" };
  try {
    if (yield* chunks(response)) return;
  } catch (error) {
    if (signal.aborted) throw error;
  }
  yield* retold(follow(api, runId, options));
}

/**
 * Say before the first event that all is told again; a run that has nothing to tell changes nothing.
 * @param {AsyncGenerator<AnswerEvent, void, void>} events
 * @returns {AsyncGenerator<AnswerEvent, void, void>}
 */
async function* retold(events) {
  let begun = false;
  for await (const event of events) {
    if (!begun && event.kind !== "end" && event.kind !== "error") {
      begun = true;
      yield { kind: "restart" };
    }
    yield event;
  }
}

/** @param {Question} question */
function requestBody({ model, mode, content, sessionId }) {
  return {
    model,
    messages: [{ role: "user", content }],
    stream: true,
    agent_type: mode,
    on_disconnect: "finish",
    ...(sessionId ? { session_id: sessionId } : { store: true }),
  };
}

/**
 * Give a completion's events; true when it came to its end.
 * @param {Response} response
 * @returns {AsyncGenerator<AnswerEvent, boolean, void>}
 */
async function* chunks(response) {
  for await (const { data } of readEvents(response)) {
    if (data === "[DONE]") return true;
    const events = chunkEvents(JSON.parse(data));
    yield* events;
    if (events.some((event) => event.kind === "error")) return true;
  }
  return false;
}
