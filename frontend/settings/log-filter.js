/** Which lines of the log are wanted: the fields above it, and what they ask the server for. */

import { el } from "../kit/dom.js";
import { choice, field } from "./controls.js";
import { text } from "./inside-text.js";

const PAUSE_MS = 250; // after which what was typed is looked for
const MINUTE_MS = 60_000;
const OWN = "own";
const ID = /^(req|run|user|srv)_[\w-]+$/;
const NAMES = { req: "request_id", run: "run_id", user: "user_id", srv: "server" };

/** @type {(server: string) => string} ids begin with the time, so that only their ends differ */
export const shortServer = (server) => `…${server.slice(-6)}`;

/** What is asked for, and the fields that say so. */
export class LogFilter {
  #level = "INFO";
  #words = "";
  #server = "";
  #span = "";
  #from = el("input", { type: "datetime-local" });
  #until = el("input", { type: "datetime-local" });
  #servers = el("span", { class: "field", hidden: true });
  /** @type {Set<string>} */
  #known = new Set();
  #again;

  /** @param {() => void} again told when something else is asked for */
  constructor(again) {
    this.#again = again;
  }

  /** Make the fields. */
  get fields() {
    const level = choice(text.levels, this.#level, (value) => {
      this.#level = value;
      this.#again();
    });
    const words = el("input", { type: "search", maxlength: "200", autocomplete: "off" });
    let pause = 0;
    const later = () => {
      clearTimeout(pause);
      pause = window.setTimeout(() => {
        this.#words = words.value.trim();
        this.#again();
      }, PAUSE_MS);
    };
    words.addEventListener("input", later);
    const moments = [field(text.from, this.#from), field(text.until, this.#until)];
    for (const one of moments) {
      one.hidden = true;
      one.addEventListener("change", this.#again);
    }
    const spans = choice({ ...text.spans, "": text.anyTime, [OWN]: text.ownTime }, "", (value) => {
      this.#span = value;
      for (const one of moments) one.hidden = value !== OWN;
      this.#again();
    });
    return [
      field(text.level, level),
      field(text.words, words),
      field(text.span, spans),
      ...moments,
      this.#servers,
    ];
  }

  /** Whether lines of more than one server have been seen. */
  get hasSeveral() {
    return this.#known.size > 1;
  }

  /** @type {(lines: readonly LogLine[]) => void} take note of the servers that lines are of */
  learn(lines) {
    const before = this.#known.size;
    for (const { server } of lines) if (server) this.#known.add(server);
    if (this.#known.size === before || !this.hasSeveral) return;
    const names = [...this.#known].sort().map((one) => [one, shortServer(one)]);
    const options = { "": text.allServers, ...Object.fromEntries(names) };
    const servers = choice(options, this.#server, (value) => {
      this.#server = value;
      this.#again();
    });
    const focused = this.#servers.contains(document.activeElement);
    this.#servers.replaceChildren(field(text.details.server, servers));
    this.#servers.hidden = false;
    if (focused) servers.focus();
  }

  /** From when to before when, in milliseconds; "" for any. */
  get #time() {
    if (this.#span !== OWN) {
      return { from_ms: this.#span && `${Date.now() - Number(this.#span) * MINUTE_MS}`, to_ms: "" };
    }
    return { from_ms: momentOf(this.#from), to_ms: momentOf(this.#until) };
  }

  /** @type {(cursor?: string) => URLSearchParams} an id among the words is looked for as one */
  query(cursor = "") {
    const id = ID.exec(this.#words)?.[1];
    const name = id ? NAMES[/** @type {keyof typeof NAMES} */ (id)] : "text";
    const { from_ms, to_ms } = this.#time;
    return new URLSearchParams({
      level: this.#level,
      ...(this.#server && { server: this.#server }),
      ...(this.#words && { [name]: this.#words }),
      ...(from_ms && { from_ms }),
      ...(to_ms && { to_ms }),
      ...(cursor && { cursor }),
    });
  }
}

/** @type {(field: HTMLInputElement) => string} the milliseconds of a moment in the zone of the browser, "" for none */
function momentOf({ value }) {
  const at_ms = new Date(value).getTime();
  return at_ms >= 0 ? String(at_ms) : "";
}
