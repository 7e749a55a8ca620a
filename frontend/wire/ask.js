/**
 * Puts a question and streams its answer, or streams a run that goes on somewhere else: after a
 * reload, or when its connection broke. Readers only see `restart`.
 */

import { text } from "../strings.js";
import { ApiError } from "./errors.js";
import { chunkEvents, entryEvent, readEvents } from "./events.js";
import { getRun, pathOf } from "./server.js";

/**
 * Put a question and stream its answer.
 * @type {(api: Api, question: Question, options: StreamOptions) => Answering}
 */
export async function* ask(api, question, options) {
  const { signal } = options;
  const body = requestBody(question);
  // Who leaves before it has arrived has put it all the same: only the answer is given up.
  const left = new AbortController();
  const put = { method: "POST", body, signal: left.signal };
  const response = await api.open("/v1/chat/completions", put);
  signal.addEventListener("abort", () => left.abort(), { once: true });
  if (signal.aborted) left.abort();
  signal.throwIfAborted();
  const runId = response.headers.get("x-run-id");
  if (!runId) throw new Error(text.unreachable); // somebody else answered, such as a proxy
  yield { kind: "open", runId, sessionId: response.headers.get("x-session-id") ?? "" };
  try {
    if (yield* chunks(response)) return;
  } catch (error) {
    if (signal.aborted) throw error;
  }
  yield* follow(api, runId, options);
}

/** @param {Question} question */
function requestBody({ model, mode, content, fileIds, sessionId, replaces }) {
  return {
    model,
    messages: content === undefined ? [] : [{ role: "user", content }],
    ...(fileIds && { file_ids: fileIds }),
    stream: true,
    agent_type: mode,
    on_disconnect: "finish",
    approvals: "events",
    ...(sessionId ? { session_id: sessionId } : { store: true }),
    ...(replaces && { replaces }),
  };
}

/** @type {(response: Response) => AnsweringPart} true when it came to its end */
async function* chunks(response) {
  for await (const { data } of readEvents(response)) {
    if (data === "[DONE]") return true;
    const events = chunkEvents(JSON.parse(data));
    yield* events;
    if (events.some((event) => event.kind === "error")) return true;
  }
  return false;
}

const TRIES = 7;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/**
 * Stream a run from its beginning, also while it goes on; mends its own connection. Says before the
 * first event that all is told again; a run that has nothing to tell changes nothing.
 * @type {(api: Api, runId: string, options: StreamOptions) => Answering}
 */
export async function* follow(api, runId, { signal, wait = sleep }) {
  const seen = { lastId: "", failures: 0, begun: false };
  while (seen.failures < TRIES) {
    try {
      if (yield* replay(api, runId, signal, seen)) return;
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && !error.passing)) throw error;
    }
    await wait(Math.min(FIRST_WAIT_MS * 2 ** seen.failures, LONGEST_WAIT_MS));
    seen.failures += 1;
  }
  throw new ApiError(text.cutOff);
}

/**
 * Replay a run from behind what was seen, which is kept up to date; true when it came to its end.
 * @type {(api: Api, runId: string, signal: AbortSignal, seen: Replayed) => AnsweringPart}
 */
async function* replay(api, runId, signal, seen) {
  /** @type {Record<string, string>} */
  const headers = seen.lastId ? { "Last-Event-ID": seen.lastId } : {};
  const response = await api.open(`${pathOf("runs", runId)}/events`, { headers, signal });
  for await (const { event, data, id } of readEvents(response)) {
    seen.lastId = id || seen.lastId;
    const entry = JSON.parse(data);
    if (event === "end") {
      yield* ending(api, runId, entry.state);
      return true;
    }
    yield* told(event, entry, seen);
    seen.failures = 0;
  }
  return false;
}

/**
 * Give what an entry tells, and before it that all is told again: at the first one, or when the server says so.
 * @param {string} event
 * @param {any} entry
 * @param {Replayed} seen
 */
function* told(event, entry, seen) {
  const known = entryEvent(entry);
  const anew = event === "restart" || (known !== null && !seen.begun);
  seen.begun ||= anew;
  if (anew) yield/** @type {const} */ ({ kind: "restart" });
  if (known) yield known;
}

/** @type {(api: Api, runId: string, state: string) => Answering} */
async function* ending(api, runId, state) {
  if (state === "failed") {
    const run = await getRun(api, runId);
    yield { kind: "error", message: run.trace.error ?? "" };
  }
  yield { kind: "end", state };
}

/** Wait. */
export const sleep = (/** @type {number} */ delay_ms) =>
  new Promise((done) => setTimeout(done, delay_ms));
