/** Sources, one-line summaries and addresses are read from what the server says. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressed, annotatedSources, hostOf } from "../../frontend/chat/known.js";
import { argumentLines, TraceFacts } from "../../frontend/chat/trace-facts.js";
import { addressOf, conversationIn } from "../../frontend/text/links.js";

test("annotations are counted in characters, not in UTF-16 units", () => {
  const place = { url: "https://a.org", title: "A", start_index: 4, end_index: 7 };
  const found = annotatedSources("😀😀😀 [2]", [{ url_citation: place }]);
  assert.deepEqual([...found], [[2, { title: "A", url: "https://a.org" }]]);
});

test("an annotation that marks anything but a marker is left out", () => {
  const place = { url: "https://a.org", title: "A", start_index: 0, end_index: 2 };
  assert.equal(annotatedSources("no marker", [{ url_citation: place }]).size, 0);
});

test("a host is short and a bad address has none", () => {
  assert.deepEqual([hostOf("https://www.a.org/b"), hostOf("not an address")], ["a.org", ""]);
});

test("the line above an answer says what happens and then what was done", () => {
  const facts = new TraceFacts();
  const said = [facts.now];
  facts.note("route", { route: "plan" });
  said.push(facts.now);
  facts.note("plan", { steps: [] });
  facts.note("tool_call", { call_id: "1", tool: "weather" });
  said.push(facts.now, facts.amount);
  facts.note("tool_result", { call_id: "1" });
  facts.note("tool_call", { call_id: "2", tool: "math_calc" });
  facts.note("tool_result", { call_id: "2" });
  said.push(facts.now, facts.done, facts.amount);
  assert.deepEqual(said, [
    "Thinking…",
    "Planning…",
    "Using weather…",
    "1 tool call",
    "Thinking…",
    "Planned and carried out",
    "2 tool calls",
  ]);
});

test("a plan tells which of its steps is being carried out", () => {
  const facts = new TraceFacts();
  const steps = [
    { id: "a", purpose: "Look it up" },
    { id: "b", purpose: "Add it up" },
  ];
  facts.note("plan", { steps });
  facts.note("step", { id: "b", state: "running" });
  facts.note("tool_call", { call_id: "1", tool: "math_calc" });
  assert.equal(facts.now, "Step 2 of 2: Add it up");
});

test("who waits for a model is told how many are before them, until something happens", () => {
  const facts = new TraceFacts();
  const said = [];
  for (const before of [3, 0]) {
    facts.note("queued", { before });
    said.push(facts.now);
  }
  facts.note("thought", {});
  said.push(facts.now);
  assert.deepEqual(said, [
    "Waiting for the model, 3 before you",
    "Waiting for the model, you are next",
    "Thinking…",
  ]);
});

test("how long it took is told, but not the time in which somebody was asked", () => {
  const facts = new TraceFacts();
  facts.note("tool_call", { call_id: "1", tool: "weather" });
  facts.took_ms = 4200;
  assert.equal(facts.amount, "1 tool call · 4.2 s");
  facts.note("approval", {});
  assert.equal(facts.amount, "1 tool call");
});

test("arguments are written for people", () => {
  const given = { code: "a\nb", place: "Oslo", units: { t: "C" } };
  assert.equal(argumentLines(given), 'code:\na\nb\nplace: Oslo\nunits: {"t":"C"}');
});

test("an address names a conversation and nothing else", () => {
  const hashes = [addressOf("conv_1"), addressOf(""), "#message", "#/c/%E0%A4%A", "#/c/a/b", ""];
  assert.deepEqual(hashes.map(conversationIn), ["conv_1", "", "", "", "", ""]);
});

test("a source of a tool leads to its page on the web, or to the passage of one's own", () => {
  Object.assign(globalThis, { location: { origin: "http://here" } });
  const sources = [
    { id: "w1", title: "A", url: "https://a.org" },
    { id: "cit_1", title: "B", text: "b" },
    { title: "C" },
  ];
  assert.deepEqual(sources.map(addressed), [
    { title: "A", url: "https://a.org" },
    { title: "B", url: "http://here/api/citations/cit_1" },
    { title: "C", url: "" },
  ]);
});
