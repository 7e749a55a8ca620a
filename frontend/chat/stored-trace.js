/** The work behind answers of earlier, fetched when they are seen or when the answer asks for it. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";
import { entryEvent } from "../wire/events.js";
import { TraceView } from "./trace-view.js";

const MOST_RECALLED = 30;

/** @type {WeakMap<Element, () => void>} */
const onSeen = new WeakMap();
const watching = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watching.unobserve(target);
    onSeen.get(target)?.();
  }
});

/**
 * Make a closed trace that says what was done when it is seen, and fills itself when it is opened.
 * @param {() => Promise<Run>} load
 */
export function storedTrace(load) {
  const trace = new TraceView({ always: true });
  const fill = async () => {
    const waiting = el("p", { class: "trace-note" }, text.loadingWork);
    trace.element.append(waiting);
    try {
      const { trace: told, duration_ms } = await load();
      trace.clear();
      for (const entry of told.events ?? []) show(trace, entry);
      trace.took(duration_ms);
    } catch (error) {
      trace.note("notice", {}, wordsOf(error));
    }
    waiting.remove();
  };
  trace.element.addEventListener("toggle", fill, { once: true });
  onSeen.set(trace.element, () => {
    load()
      .then((run) => trace.summarise(run))
      .catch(() => undefined); // opening it says why
  });
  watching.observe(trace.element);
  return trace;
}

/**
 * Look for what answers lack, in their own traces first, while they are shown.
 * @param {readonly AnswerView[]} answers
 * @param {Known} known takes note of what is found
 * @param {LoadRun} load
 */
export async function recall(answers, known, load) {
  const lacking = () => answers.filter((one) => one.lacks && one.element.isConnected);
  const runs = new Set([...lacking(), ...answers.toReversed()].map((one) => one.runId));
  runs.delete("");
  for (const runId of [...runs].slice(0, MOST_RECALLED)) {
    const wanting = lacking();
    if (wanting.length === 0) return;
    const run = await load(runId).catch(() => null);
    const results = run?.trace.events?.filter(({ type }) => type === "tool_result") ?? [];
    for (const { data } of results) known.note(data);
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
