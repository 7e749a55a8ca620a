/**
 * Translates the two forms in which an answer arrives, completion chunks and replayed run events,
 * into one: AnswerEvent. Pure.
 */

/** @import { AnswerEvent } from "./shapes.js" */

/**
 * Read one chunk of a chat completion, or the error object that may stand in its place.
 * @param {Record<string, any>} chunk
 * @returns {AnswerEvent[]}
 */
export function chunkEvents(chunk) {
  if (chunk.error) return [{ kind: "error", message: String(chunk.error.message) }];
  const delta = chunk.choices?.[0]?.delta ?? {};
  /** @type {AnswerEvent[]} */
  const events = [];
  if (chunk.x_agent?.type) {
    const { type, ...data } = chunk.x_agent;
    events.push({ kind: "event", type, text: delta.reasoning_content ?? "", data });
  } else if (delta.reasoning_content) {
    events.push({ kind: "reasoning", text: delta.reasoning_content });
  }
  if (delta.content) events.push({ kind: "content", text: delta.content });
  if (delta.annotations) events.push({ kind: "annotations", annotations: delta.annotations });
  if (chunk.x_agent?.state) events.push({ kind: "end", state: chunk.x_agent.state });
  return events;
}

/**
 * Read one entry of a run's stored or replayed events; null when it is of no kind known here.
 * @param {Record<string, any>} entry
 * @returns {AnswerEvent | null}
 */
export function entryEvent(entry) {
  const { kind, type = "", text = "", data = {} } = entry;
  if (kind === "content" || kind === "reasoning") return { kind, text };
  if (kind === "event") return { kind, type, text, data };
  return null;
}
