/** What is shown of stored messages, how one is reworded, and whose drafts are kept. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../frontend/api.js";
import { Drafts } from "../../frontend/chat/drafts.js";
import { placeOf, reworded, shownOf } from "../../frontend/chat/path.js";
import { ask } from "../../frontend/wire/ask.js";
import { collected } from "./collected.js";

/** @type {(id: string, role: string, content: unknown, run?: string | null, state?: string) => StoredMessage} */
const stored = (id, role, content, run_id = "run_1", state = "completed") => ({
  id,
  message: { role, content },
  run_id,
  state,
});

/** @type {(messages: StoredMessage[]) => [string, string, boolean][]} */
const told = (messages) =>
  shownOf(messages).map(({ stored: { id }, key, unanswered }) => [id, key, unanswered]);

test("questions and answers are shown, and what tools said is not", () => {
  const call = { ...stored("m2", "assistant", null), tool_calls: [] };
  const messages = [
    stored("m1", "user", [{ type: "text", text: "a" }, { type: "image_url" }]),
    call,
    stored("m3", "tool", "result"),
    stored("m4", "assistant", "b"),
    stored("m5", "user", "c", "run_2"),
    stored("m6", "assistant", "", "run_2", "waiting"),
    stored("m7", "user", "d", "run_3"),
    stored("m8", "assistant", "", "run_3"),
  ];
  assert.deepEqual(told(messages), [
    ["m1", "?a", false],
    ["m4", "run_1", false],
    ["m5", "?c", false],
    ["m6", "run_2", false],
    ["m7", "?d", false],
    ["m8", "run_3", false],
  ]);
});

test("a question is unanswered when nothing of its run follows, in the middle and at the end", () => {
  const messages = [
    stored("m1", "user", "a"),
    stored("m2", "user", "still a"),
    stored("m3", "user", "b", "run_2"),
    stored("m4", "assistant", "c", "run_2"),
    stored("m5", "user", "d", "run_3"),
  ];
  assert.deepEqual(
    shownOf(messages).map(({ unanswered }) => unanswered),
    [false, true, false, false, true],
  );
});

test("a message of a server that keeps no versions is its only one", () => {
  const one = stored("m1", "user", "a");
  assert.deepEqual(placeOf(one), { id: "m1", versions: ["m1"] });
  assert.deepEqual(placeOf({ ...one, versions: ["m0", "m1"] }).versions, ["m0", "m1"]);
});

test("files stay when a question is reworded", () => {
  const image = { type: "image_url", image_url: { url: "data:" } };
  const content = [{ type: "text", text: "a" }, image, { type: "text", text: "b" }];
  assert.deepEqual(reworded(content, "c"), [{ type: "text", text: "c" }, image]);
  assert.equal(reworded([{ type: "text", text: "a" }], "c"), "c");
  assert.equal(reworded("a", "c"), "c");
});

/** @type {() => DraftBox} */
const emptyBox = () => ({
  draft: "",
  restore(words, files) {
    this.draft = [words, ...files.map((one) => one.filename), this.draft].filter(Boolean).join();
  },
});

/** @type {(drafts: Drafts, box: DraftBox) => string[]} give the drafts of four conversations */
const readAll = (drafts, box) =>
  ["", "conv_1", "conv_2", "conv_3"].map((conversation) => {
    drafts.open(conversation);
    return box.draft;
  });

test("a draft belongs to a conversation and a person, also in a new page of the tab", () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const getItem = (/** @type {string} */ key) => kept.get(key) ?? null;
  const setItem = (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value);
  Object.assign(globalThis, { sessionStorage: { getItem, setItem } });
  const first = emptyBox();
  const drafts = new Drafts(first);
  drafts.belongTo("ada");
  for (const [conversation, words] of [
    ["conv_2", "two"],
    ["conv_1", "one"],
    ["conv_1", ""],
    ["", "new"],
  ]) {
    drafts.open(conversation ?? "");
    first.draft = words ?? "";
    drafts.keep();
  }
  const box = emptyBox();
  const later = new Drafts(box);
  later.belongTo("ada");
  assert.equal(box.draft, "new");
  later.begun("conv_3"); // what is being written goes on there
  assert.deepEqual(readAll(later, box), ["", "", "two", "new"]);
  later.belongTo("bob");
  assert.deepEqual(readAll(later, box), ["", "", "", ""]);
  assert.doesNotMatch([...kept.values()].join(), /new/);
});

test("what comes back goes to where it was written, and never to somebody else", () => {
  const box = emptyBox();
  const drafts = new Drafts(box);
  const file = /** @type {StoredFile} */ ({ file_id: "file_1", filename: "a.txt" });
  drafts.belongTo("ada");
  const back = drafts.wayBack("one", [file]);
  const later = drafts.wayBack("two", []);
  drafts.open("conv_1");
  box.draft = "here";
  drafts.keep();
  back();
  later();
  assert.deepEqual(readAll(drafts, box), ["a.txt,two\n\none", "here", "", ""]);
  drafts.belongTo("bob");
  back();
  drafts.open("conv_1");
  back();
  assert.deepEqual(readAll(drafts, box), ["", "", "", ""]);
});

test("what is written in the place of a message is kept apart, and not before its id is known", () => {
  const box = emptyBox();
  const drafts = new Drafts(box);
  drafts.belongTo("ada");
  drafts.keepEdit("", "nowhere");
  drafts.keepEdit("msg_1", "anew");
  assert.deepEqual(
    [drafts.editOf("msg_1"), drafts.editOf("msg_2"), drafts.editOf("")],
    ["anew", "", ""],
  );
  assert.deepEqual(readAll(drafts, box), ["", "", "", ""]);
  drafts.belongTo("bob");
  assert.equal(drafts.editOf("msg_1"), "");
});

test("a conversation of any name has no draft before one is written", () => {
  const box = emptyBox();
  const drafts = new Drafts(box);
  for (const name of ["constructor", "__proto__", "toString"]) {
    drafts.open(name);
    assert.equal(box.draft, "");
  }
});

test("drafts are kept as long as the page where the browser keeps nothing", () => {
  const refuse = () => {
    throw new Error("no room");
  };
  Object.assign(globalThis, { sessionStorage: { getItem: refuse, setItem: refuse } });
  const box = emptyBox();
  const drafts = new Drafts(box);
  drafts.belongTo("ada");
  box.draft = "new";
  drafts.keep();
  assert.deepEqual(readAll(drafts, box), ["new", "", "", ""]);
});

test("what takes the place of a message names it, and an answer given anew brings no question", async () => {
  /** @type {object[]} */
  const sent = [];
  /** @type {typeof fetch} */
  const send = async (_, options) => {
    sent.push(JSON.parse(String(options?.body)));
    return new Response("data: [DONE]\n\n", { headers: { "X-Run-Id": "run_1" } });
  };
  const question = { model: "m", mode: "auto", sessionId: "conv_1" };
  const { signal } = new AbortController();
  for (const asked of [
    { content: "a", replaces: "msg_1" },
    { content: undefined, replaces: "msg_2" },
    { content: "b", replaces: "" },
  ]) {
    await collected(ask(new Api({ send }), { ...question, ...asked }, { signal }));
  }
  const told = sent.map((/** @type {any} */ { messages, replaces }) => [messages, replaces]);
  assert.deepEqual(told, [
    [[{ role: "user", content: "a" }], "msg_1"],
    [[], "msg_2"],
    [[{ role: "user", content: "b" }], undefined],
  ]);
});
