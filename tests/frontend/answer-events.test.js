/** Chunks of a completion and entries of a replay say the same in one form. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkEvents, entryEvent } from "../../frontend/wire/events.js";

const chunk = (/** @type {object} */ delta, extra = {}) => ({
  choices: [{ index: 0, delta }],
  ...extra,
});

test("text and thoughts are told apart", () => {
  assert.deepEqual(chunkEvents(chunk({ content: "a" })), [{ kind: "content", text: "a" }]);
  assert.deepEqual(chunkEvents(chunk({ reasoning_content: "b" })), [
    { kind: "reasoning", text: "b" },
  ]);
  assert.deepEqual(chunkEvents(chunk({ role: "assistant", content: "" })), []);
  assert.deepEqual(chunkEvents({ choices: [], usage: {} }), []);
});

test("a structured step is the same event live and replayed", () => {
  const data = { call_id: "call_1", tool: "weather", arguments: { place: "Oslo" } };
  const event = { kind: "event", type: "tool_call", text: "→ weather", data };
  const live = chunk(
    { reasoning_content: "→ weather" },
    { x_agent: { type: "tool_call", ...data } },
  );
  assert.deepEqual(chunkEvents(live), [event]);
  assert.deepEqual(
    entryEvent({ kind: "event", type: "tool_call", text: "→ weather", data }),
    event,
  );
});

test("the last chunk tells the state, annotations come before it", () => {
  const annotations = [
    { type: "url_citation", url_citation: { url: "u", title: "t", start_index: 0, end_index: 3 } },
  ];
  const last = chunk(
    { annotations },
    { x_agent: { run_id: "run_1", state: "cancelled", route: "chat" } },
  );
  assert.deepEqual(chunkEvents(last), [
    { kind: "annotations", annotations },
    { kind: "end", state: "cancelled" },
  ]);
});

test("an error object is an error", () => {
  const events = chunkEvents({ error: { message: "cut", code: "upstream_cut" } });
  assert.deepEqual(events, [{ kind: "error", message: "cut", code: "upstream_cut" }]);
});

test("what was the answer until a call or a crash followed it is a step of the work", () => {
  assert.deepEqual(entryEvent({ kind: "remark", text: "Let me see." }), {
    ...{ kind: "event", type: "remark", text: "Let me see.", data: {} },
  });
});

test("an entry of an unknown kind is left out", () => {
  assert.equal(entryEvent({ kind: "picture" }), null);
});
