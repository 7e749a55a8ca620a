/** The work behind answers of earlier, fetched when the reader or the answer asks for it. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { entryEvent, wordsOf } from "../wire/events.js";
import { TraceView } from "./trace-view.js";

const MOST_RECALLED = 30;

/**
 * Make a closed trace that fills itself when it is opened.
 * @param {() => Promise<object[]>} load gives the stored events of the run
 */
export function storedTrace(load) {
  const trace = new TraceView({ always: true });
  const fill = async () => {
    const waiting = el("p", { class: "trace-note" }, text.loadingWork);
    trace.element.append(waiting);
    try {
      for (const entry of await load()) show(trace, entry);
    } catch (error) {
      trace.note("notice", {}, wordsOf(error));
    }
    waiting.remove();
  };
  trace.element.addEventListener("toggle", fill, { once: true });
  return trace;
}

/**
 * Look for what answers lack, in their own traces first, while they are shown.
 * @param {readonly AnswerView[]} answers
 * @param {Known} known takes note of what is found
 * @param {LoadTrace} load
 */
export async function recall(answers, known, load) {
  const lacking = () => answers.filter((one) => one.lacks && one.element.isConnected);
  const runs = new Set([...lacking(), ...answers.toReversed()].map((one) => one.runId));
  runs.delete("");
  for (const runId of [...runs].slice(0, MOST_RECALLED)) {
    const wanting = lacking();
    const entries = wanting.length > 0 ? await load(runId).catch(() => []) : [];
    for (const { type, data } of entries) if (type === "tool_result") known.note(data);
    for (const one of wanting) one.render();
  }
}

/**
 * @param {TraceView} trace
 * @param {object} entry
 */
function show(trace, entry) {
  const event = entryEvent(entry);
  if (event?.kind === "reasoning") trace.think(event.text);
  if (event?.kind === "event") trace.note(event.type, event.data, event.text);
}
