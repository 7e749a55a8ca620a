/** An answer is told whole though its connection breaks, and once only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../frontend/api.js";
import { ask, follow } from "../../frontend/wire/ask.js";
import { collected } from "./collected.js";

const OPEN = { kind: "open", runId: "run_1", sessionId: "conv_1" };
const RESTART = { kind: "restart" };
const QUESTION = { model: "m", mode: "auto", content: "hi" };
const HEADERS = { "x-run-id": "run_1", "x-session-id": "conv_1" };
const END = 'event: end\ndata: {"state":"completed"}\n\n';

const content = (/** @type {string} */ text) => ({ kind: "content", text });
const chunk = (/** @type {string} */ text) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;
const entry = (/** @type {string} */ id, /** @type {string} */ text) =>
  `id: ${id}\nevent: content\ndata: ${JSON.stringify(content(text))}\n\n`;

/**
 * Make a response whose connection breaks after its text.
 * @param {string} text
 * @param {ResponseInit} [init]
 */
function broken(text, init) {
  const pieces = [new TextEncoder().encode(text)];
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.error(new TypeError("network error"));
    },
  });
  return new Response(body, init);
}

/** @param {(() => Response)[]} answers */
function scripted(answers) {
  /** @type {string[]} */
  const asked = [];
  /** @type {number[]} */
  const waits_ms = [];
  /** @type {typeof fetch} */
  const send = async (path, options) => {
    const last = new Headers(options?.headers).get("last-event-id");
    asked.push(last ? `${path} after ${last}` : String(path));
    const answer = answers.shift();
    if (!answer) throw new TypeError("fetch failed");
    return answer();
  };
  const wait = async (/** @type {number} */ delay_ms) => {
    waits_ms.push(delay_ms);
  };
  const signal = new AbortController().signal;
  return { api: new Api({ send }), asked, waits_ms, options: { signal, wait } };
}

test("a whole answer is not asked for twice", async () => {
  const whole = () => new Response(`${chunk("Hello")}data: [DONE]\n\n`, { headers: HEADERS });
  const { api, asked, options } = scripted([whole]);
  assert.deepEqual(await collected(ask(api, QUESTION, options)), [OPEN, content("Hello")]);
  assert.deepEqual(asked, ["/v1/chat/completions"]);
});

test("an error frame ends the answer", async () => {
  const failing = `${chunk("Hel")}data: {"error":{"message":"cut"}}\n\n`;
  const { api, options } = scripted([() => new Response(failing, { headers: HEADERS })]);
  const events = await collected(ask(api, QUESTION, options));
  assert.deepEqual(events, [OPEN, content("Hel"), { kind: "error", message: "cut", code: "" }]);
});

test("an answer that breaks off is told again from the run", async () => {
  const { api, asked, options } = scripted([
    () => broken(chunk("Hel"), { headers: HEADERS }),
    () => new Response(entry("0.5", "Hello") + END),
  ]);
  assert.deepEqual(await collected(ask(api, QUESTION, options)), [
    OPEN,
    content("Hel"),
    RESTART,
    content("Hello"),
    { kind: "end", state: "completed" },
  ]);
  assert.deepEqual(asked, ["/v1/chat/completions", "/api/runs/run_1/events"]);
});

test("a replay that breaks off goes on behind the last event, waiting longer while nothing comes", async () => {
  const { api, asked, waits_ms, options } = scripted([
    () => broken(entry("0.3", "Hel")),
    () => new Response("", { status: 503 }),
    () => broken(entry("0.4", "l")),
    () => new Response(entry("0.5", "o") + END),
  ]);
  const events = await collected(follow(api, "run_1", options));
  const texts = ["Hel", "l", "o"].map(content);
  assert.deepEqual(events, [RESTART, ...texts, { kind: "end", state: "completed" }]);
  const path = "/api/runs/run_1/events";
  assert.deepEqual(asked, [path, `${path} after 0.3`, `${path} after 0.3`, `${path} after 0.4`]);
  assert.deepEqual(waits_ms, [500, 1000, 500]);
});

test("what a crash took is told again from the start", async () => {
  const restart = "event: restart\ndata: {}\n\n";
  const { api, asked, options } = scripted([
    () => broken(entry("0.3", "Hel")),
    () => new Response(restart + entry("0.2.1", "Hi") + END),
  ]);
  const events = await collected(follow(api, "run_1", options));
  const told = [RESTART, content("Hel"), RESTART, content("Hi")];
  assert.deepEqual(events, [...told, { kind: "end", state: "completed" }]);
  assert.equal(asked[1], "/api/runs/run_1/events after 0.3");
});

test("a failed run says why", async () => {
  const { api, options } = scripted([
    () => new Response('event: end\ndata: {"state":"failed"}\n\n'),
    () => Response.json({ trace: { error: "out of memory" } }),
  ]);
  assert.deepEqual(await collected(follow(api, "run_1", options)), [
    { kind: "error", message: "out of memory" },
    { kind: "end", state: "failed" },
  ]);
});

test("a server that stays away is given up", async () => {
  const { api, waits_ms, options } = scripted([]);
  await assert.rejects(collected(follow(api, "run_1", options)), { name: "ApiError" });
  assert.equal(waits_ms.length, 7);
});

test("a run that is not there is not asked for again", async () => {
  const missing = () => Response.json({ error: { message: "no such run" } }, { status: 404 });
  const { api, asked, options } = scripted([missing]);
  await assert.rejects(collected(follow(api, "run_1", options)), { status: 404 });
  assert.equal(asked.length, 1);
});
