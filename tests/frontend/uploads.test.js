/** Uploads go a few at a time, wait out what passes, and stop where somebody has to do something. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { withFiles } from "../../frontend/chat/path.js";
import { attachedIn, isPicture } from "../../frontend/files/attached.js";
import { Uploads } from "../../frontend/files/uploads.js";
import { ask } from "../../frontend/wire/ask.js";
import { ApiError } from "../../frontend/wire/errors.js";
import { collected } from "./collected.js";

/** @typedef {{ name: string, done: (id: string) => void, fail: (error: unknown) => void }} Sent */

/** Make uploads over a server that answers when it is told to, and what they did. */
function scripted() {
  /** @type {Sent[]} */
  const sent = [];
  /** @type {number[]} */
  const waits = [];
  /** @type {any} */
  const api = {
    upload: (/** @type {string} */ _, /** @type {FormData} */ form) =>
      new Promise((resolve, fail) => {
        const file = /** @type {File} */ (form.get("file"));
        sent.push({ name: file.name, done: (file_id) => resolve({ file_id }), fail });
      }),
  };
  const uploads = new Uploads(api, async (delay_ms) => waits.push(delay_ms));
  const add = (/** @type {string} */ name) => uploads.add(new File(["x"], name), () => undefined);
  const names = () => sent.map((one) => one.name);
  return { uploads, add, sent, waits, names };
}

/** Let what has been settled take effect. */
const settled = () => new Promise((done) => setImmediate(done));

test("three are on their way at once, and one that is given up makes no room wait", async () => {
  const { add, sent, names } = scripted();
  const all = ["a", "b", "c", "d", "e"].map(add);
  assert.deepEqual(names(), ["a", "b", "c"]);
  all[3]?.stop.abort();
  sent[1]?.done("file-b");
  await settled();
  assert.deepEqual(names(), ["a", "b", "c", "e"]);
  assert.deepEqual(
    all.map((one) => [one.state, one.fileId]),
    [
      ...[
        ["sending", ""],
        ["sent", "file-b"],
        ["sending", ""],
      ],
      ["queued", ""],
      ["sending", ""],
    ],
  );
});

test("a lost connection is waited out, and after five tries the person may try", async () => {
  const { uploads, add, sent, waits } = scripted();
  const one = add("a");
  for (let tries = 1; tries <= 5; tries += 1) {
    assert.equal(one.state, "sending");
    sent[tries - 1]?.fail(new ApiError("gone", 0));
    await settled();
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000]);
  assert.deepEqual([one.state, one.reason], ["failed", "gone"]);
  uploads.send(one);
  sent[5]?.done("file-a");
  await settled();
  assert.deepEqual([one.state, one.reason, one.fileId], ["sent", "", "file-a"]);
});

test("what could not be sent goes by itself when the server is there again, once", async () => {
  const { uploads, add, sent, names } = scripted();
  const all = ["a", "b", "c"].map(add);
  for (let tries = 0; tries < 5; tries += 1) {
    for (const one of sent.slice(tries * 3)) one.fail(new ApiError("gone", 0));
    await settled();
  }
  assert.deepEqual(new Set(all.map((one) => one.state)), new Set(["failed"]));
  if (all[0]) uploads.send(all[0]); // by hand
  all[1]?.stop.abort();
  uploads.resume();
  uploads.resume();
  assert.deepEqual(names().slice(15), ["a", "c"]);
});

test("what the server refuses fails at once, in its words, and the next one goes", async () => {
  const { add, sent, waits, names } = scripted();
  const all = ["a", "b", "c", "d"].map(add);
  sent[0]?.fail(new ApiError("It is too large", 413));
  await settled();
  assert.deepEqual([all[0]?.state, all[0]?.reason, waits], ["failed", "It is too large", []]);
  assert.deepEqual(names(), ["a", "b", "c", "d"]);
});

test("when the log-in has ended all wait for the next one, and nothing is lost", async () => {
  const { uploads, add, sent, names } = scripted();
  const all = ["a", "b", "c", "d"].map(add);
  for (const one of sent) one.fail(new ApiError("Log in", 401));
  await settled();
  assert.deepEqual(names(), ["a", "b", "c"]);
  assert.deepEqual(new Set(all.map((one) => one.state)), new Set(["queued"]));
  uploads.resume();
  assert.deepEqual(names().slice(3).toSorted(), ["a", "b", "c"]);
  sent[3]?.done("file-x");
  await settled();
  assert.equal(names().at(-1), "d");
});

test("the files of a message are its file parts, in whatever form it comes", () => {
  const file = { file_id: "file-1", filename: "a.pdf" };
  const content = [{ type: "text", text: "See" }, { type: "file", file }, { type: "image_url" }];
  assert.deepEqual(attachedIn(content), [file]);
  assert.deepEqual(["words", null, undefined, 7].map(attachedIn), [[], [], [], []]);
  assert.deepEqual(["a.PNG", "b.svg", "png", "c.jpeg"].map(isPicture), [true, false, false, true]);
});

test("a question brings its files as parts, and names the files to ask only when it is to", async () => {
  /** @type {any[]} */
  const bodies = [];
  /** @type {any} */
  const api = {
    open: async (/** @type {string} */ _, /** @type {{ body: unknown }} */ { body }) => {
      bodies.push(body);
      return new Response("data: [DONE]\n\n", { headers: { "X-Run-Id": "run_1" } });
    },
  };
  const options = { signal: new AbortController().signal };
  const question = { model: "m", mode: "auto", content: "Hi" };
  const files = [{ file_id: "file-1", filename: "a.pdf" }];
  await collected(ask(api, question, options));
  const content = withFiles("Hi", files);
  await collected(ask(api, { ...question, content, fileIds: [] }, options));
  assert.deepEqual(bodies[0].messages, [{ role: "user", content: "Hi" }]);
  assert.equal("file_ids" in bodies[0], false);
  const part = { type: "file", file: { file_id: "file-1", filename: "a.pdf" } };
  assert.deepEqual(bodies[1].messages[0].content, [{ type: "text", text: "Hi" }, part]);
  assert.deepEqual(bodies[1].file_ids, []);
});
