/** What one line says about an agent's work: now, and when it is done. Pure. */

import { named, text } from "../strings.js";
import { told } from "./run-words.js";

const SHORT_CHARS = 60;
const BRIEF_CHARS = 80;

/** Collects from the events of an answer what its one line shows. */
export class TraceFacts {
  #route = "";
  #planned = false;
  #calls = 0;
  #waited = false;
  #before = -1;
  /** @type {Step[]} */
  #steps = [];
  #step = -1;
  /** @type {Map<string, string>} */
  #running = new Map();
  /** How long it took, in milliseconds; 0 while that is not known. */
  took_ms = 0;

  /** @type {(type: string, data: Record<string, any>) => void} take note of an event */
  note(type, data) {
    if (type === "route" || (type === "notice" && data.route)) this.#route = String(data.route);
    this.#before = type === "queued" ? data.before : -1;
    if (type === "plan") {
      this.#planned = true;
      this.#steps = data.steps ?? [];
    }
    if (type === "step") this.#step = this.#steps.findIndex(({ id }) => id === data.id);
    if (type === "approval") this.#waited = true;
    if (type === "tool_call") {
      this.#calls += 1;
      this.#running.set(data.call_id, data.tool);
    }
    if (type === "tool_result") this.#running.delete(data.call_id);
  }

  /** What is happening at this moment. */
  get now() {
    if (this.#before >= 0) return told.queued(this.#before);
    const tool = [...this.#running.values()].at(-1);
    const step = this.#steps[this.#step];
    if (tool && step) return text.stepNow(this.#step + 1, this.#steps.length, step.purpose);
    if (tool) return text.using(tool);
    return this.#route === "plan" && !this.#planned ? text.planning : text.thinking;
  }

  /** What was done. */
  get done() {
    return this.#route ? named(text.routes, this.#route) : text.work;
  }

  /** How much was done and how long that took; "" for nothing worth a word. */
  get amount() {
    const calls = this.#calls > 0 ? [text.toolCount(this.#calls)] : [];
    // The time in which somebody thought about allowing something says nothing.
    const took = this.took_ms > 0 && !this.#waited ? [text.seconds(this.took_ms)] : [];
    return [...calls, ...took].join(" · ");
  }
}

/** @type {(data: Record<string, any>) => string} say a server's remark on a run in the page's language, "" for others */
export const noticeOf = ({ notice }) =>
  Object.hasOwn(told.notices, notice) ? (told.notices[notice] ?? "") : "";

/**
 * Write the arguments of a call for people: one per line, texts as they are, the rest as JSON.
 * @param {Record<string, unknown>} given
 */
export function argumentLines(given) {
  const lines = Object.entries(given).map(([name, value]) => {
    const shown = shownValue(value);
    return shown.includes("\n") ? `${name}:\n${shown}` : `${name}: ${shown}`;
  });
  return lines.join("\n");
}

/** @param {Record<string, unknown>} given */
export const briefOf = (given) => argumentLines(given).replace(/\s+/g, " ").slice(0, BRIEF_CHARS);

/** @param {unknown} value */
export function shownValue(value) {
  if (typeof value === "string") return value;
  const short = JSON.stringify(value);
  return short.length <= SHORT_CHARS ? short : JSON.stringify(value, null, 2);
}
