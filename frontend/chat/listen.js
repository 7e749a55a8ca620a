/** Passes the events of an answer on to its view and tells how it ended. */

import { ApiError } from "../wire/api-error.js";

/** @import { AnswerEvent } from "../wire/shapes.js" */

/** @typedef {{ state: string, failure: string }} Ending `failure` is "" when nothing went wrong */
/** @typedef {(runId: string, sessionId: string) => void} OnOpen */

/**
 * Listen to an answer to its end.
 * @param {AsyncGenerator<AnswerEvent, void, void>} events
 * @param {{ handle(event: AnswerEvent): void }} answer
 * @param {{ begun: boolean, onOpen?: OnOpen }} options `begun` when it is joined, not asked for
 * @returns {Promise<Ending>}
 * @throws {ApiError} when it fails before it has begun; later failures are part of the ending
 */
export async function listen(events, answer, { begun, onOpen }) {
  const ending = { state: "completed", failure: "" };
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
  }
  return ending;
}

/**
 * @param {AnswerEvent} event
 * @param {{ handle(event: AnswerEvent): void }} answer
 * @param {Ending} ending
 */
function take(event, answer, ending) {
  if (event.kind === "end") ending.state = event.state;
  else if (event.kind === "error") ending.failure = event.message;
  else answer.handle(event);
}
