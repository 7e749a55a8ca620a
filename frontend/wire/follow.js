/**
 * Streams a run that goes on somewhere else: after a reload, or when its connection broke.
 * A connection that breaks is mended here, from behind the last event that was seen.
 */

import { text } from "../strings.js";
import { entryEvent } from "./answer-events.js";
import { ApiError } from "./api-error.js";
import { getRun } from "./server.js";
import { readEvents } from "./sse.js";

/** @import { Api } from "../api.js" */
/** @import { AnswerEvent } from "./shapes.js" */

/** @typedef {{ signal: AbortSignal, wait?: typeof sleep }} StreamOptions */

const TRIES = 7;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/**
 * Stream a run from its beginning, also while it goes on; mends its own connection.
 * @type {(api: Api, runId: string, options: StreamOptions) => AsyncGenerator<AnswerEvent, void, void>}
 */
export async function* follow(api, runId, { signal, wait = sleep }) {
  const seen = { lastId: "", failures: 0 };
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
 * Replay a run from behind the last event that was seen; true when it came to its end.
 * @param {Api} api
 * @param {string} runId
 * @param {AbortSignal} signal
 * @param {{ lastId: string, failures: number }} seen kept up to date
 * @returns {AsyncGenerator<AnswerEvent, boolean, void>}
 */
async function* replay(api, runId, signal, seen) {
  /** @type {Record<string, string>} */
  const headers = seen.lastId ? { "Last-Event-ID": seen.lastId } : {};
  const path = `/api/runs/${encodeURIComponent(runId)}/events`;
  const response = await api.open(path, { headers, signal });
  for await (const { event, data, id } of readEvents(response)) {
    seen.lastId = id || seen.lastId;
    const entry = JSON.parse(data);
    if (event === "end") {
      yield* ending(api, runId, entry.state);
      return true;
    }
    const known = entryEvent(entry);
    if (known) yield known;
    seen.failures = 0;
  }
  return false;
}

/** @type {(api: Api, runId: string, state: string) => AsyncGenerator<AnswerEvent, void, void>} */
async function* ending(api, runId, state) {
  if (state === "failed") {
    const run = await getRun(api, runId);
    yield { kind: "error", message: run.trace.error || text.states.failed };
  }
  yield { kind: "end", state };
}

/** @type {(delay_ms: number) => Promise<void>} */
const sleep = (delay_ms) => new Promise((done) => setTimeout(done, delay_ms));
