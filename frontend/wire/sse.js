/**
 * Reads server-sent events from text that arrives in arbitrary pieces.
 * Not for: what the events mean (`answer-events.js`).
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

/** @typedef {{ event: string, data: string, id: string }} SseEvent */

/** Takes text piece by piece and gives the events that are complete. */
export class SseParser {
  #rest = "";
  #event = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /**
   * Take the next piece of text; comments and unknown fields are dropped.
   * @param {string} piece
   * @returns {SseEvent[]}
   */
  push(piece) {
    const text = this.#rest + piece;
    // A carriage return at the very end may be the first half of a line end.
    const held = text.endsWith("\r") ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(text.length - held);
    /** @type {SseEvent[]} */
    const events = [];
    for (const line of lines) {
      if (line === "") this.#dispatch(events);
      else this.#field(line);
    }
    return events;
  }

  /** @param {SseEvent[]} events */
  #dispatch(events) {
    if (this.#data.length > 0) {
      events.push({ event: this.#event, data: this.#data.join("\n"), id: this.#id });
    }
    this.#event = "";
    this.#data = [];
  }

  /** @param {string} line */
  #field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}

/**
 * Read the events of a response; one decoder for the whole body keeps split characters whole.
 * @param {Response} response
 * @returns {AsyncGenerator<SseEvent, void, void>}
 */
export async function* readEvents({ body }) {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
