/** Passes the events of one answer on to its view, to its end. */

import { ApiError } from "../wire/errors.js";

/**
 * Listen to an answer to its end.
 * @type {(events: Answering, answer: AnswerView, onOpen: OnOpen) => Promise<Ending>}
 * @throws {ApiError} when it fails before it has begun; later failures are part of the ending
 */
export async function hear(events, answer, onOpen) {
  const ending = { state: "completed", failure: "", code: "" };
  let begun = answer.runId !== ""; // one that is joined
  try {
    for await (const event of events) {
      begun = true; // the first event of every answer comes with its beginning
      take(event, answer, ending, onOpen);
    }
  } catch (error) {
    if (!begun || !(error instanceof ApiError)) throw error;
    if (error.status === 404) ending.state = "unanswered";
    else Object.assign(ending, { state: "lost", failure: error.message, code: error.code });
  }
  return ending;
}

/** @type {(event: AnswerEvent, answer: AnswerView, ending: Ending, onOpen: OnOpen) => void} */
function take(event, answer, ending, onOpen) {
  if (event.kind === "open") {
    answer.runId = event.runId;
    onOpen(event.sessionId);
  } else if (event.kind === "end") ending.state = event.state;
  else if (event.kind === "error") {
    if (event.code === "run_interrupted")
      ending.state = "interrupted"; // it can go on
    else Object.assign(ending, { failure: event.message, code: event.code ?? "" });
  } else answer.handle(event);
}
