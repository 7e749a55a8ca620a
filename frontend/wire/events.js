/** Reads what the server sends: server-sent events, and what they mean in an answer. */

/**
 * Takes text piece by piece and gives the events that are complete.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class SseParser {
  #rest = "";
  #event = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /**
   * Take the next piece of text; comments and unknown fields are dropped.
   * @type {(piece: string) => SseEvent[]}
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
 * @type {(response: Response) => AsyncGenerator<SseEvent, void, void>}
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

/**
 * Read one chunk of a chat completion, or the error object that may stand in its place.
 * @type {(chunk: Record<string, any>) => AnswerEvent[]}
 */
export function chunkEvents(chunk) {
  const { message, code } = chunk.error ?? {};
  if (message) return [{ kind: "error", message: String(message), code: String(code ?? "") }];
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
 * Read one entry of a run's stored or replayed events; null when it is of no kind known here. Text that
 * was the answer until a call or a crash followed it is a step of the work.
 * @type {(entry: Record<string, any>) => AnswerEvent | null}
 */
export function entryEvent(entry) {
  const { kind, type = "", text = "", data = {} } = entry;
  if (kind === "content" || kind === "reasoning") return { kind, text };
  if (kind === "event") return { kind, type, text, data };
  if (kind === "remark") return { kind: "event", type: kind, text, data };
  return null;
}
