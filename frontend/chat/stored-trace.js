/** The work behind an answer of earlier, fetched when the reader asks to see it. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { entryEvent } from "../wire/answer-events.js";
import { wordsOf } from "../wire/api-error.js";
import { TraceView } from "./trace-view.js";

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
 * @param {TraceView} trace
 * @param {object} entry
 */
function show(trace, entry) {
  const event = entryEvent(entry);
  if (event?.kind === "reasoning") trace.think(event.text);
  if (event?.kind === "event") trace.note(event.type, event.data, event.text);
}
