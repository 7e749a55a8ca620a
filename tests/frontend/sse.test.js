/** Server-sent events come out whole however their bytes are cut. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvents, SseParser } from "../../frontend/wire/events.js";
import { collected } from "./collected.js";

const STREAM = [
  ": keep-alive\n\n",
  'data: {"text":"日本語 😀"}\n\n',
  "id: 3.12\r\nevent: content\r\ndata: first\r\ndata:second\r\n\r\n",
  "retry: 5\nunknown\nevent: nothing\n\n",
  "id: 4.1\rdata: old line ends\r\r",
  "data: [DONE]\n\ndata: never finished",
].join("");

const EVENTS = [
  { event: "", data: '{"text":"日本語 😀"}', id: "" },
  { event: "content", data: "first\nsecond", id: "3.12" },
  { event: "", data: "old line ends", id: "4.1" },
  { event: "", data: "[DONE]", id: "4.1" },
];

/** @param {number} size bytes in each piece */
function responseOf(size) {
  const bytes = new TextEncoder().encode(STREAM);
  let at = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
  return new Response(body);
}

for (const size of [1, 2, 3, 7, 1000]) {
  test(`events are the same in pieces of ${size} bytes`, async () => {
    assert.deepEqual(await collected(readEvents(responseOf(size))), EVENTS);
  });
}

test("a line end cut in two is one line end", () => {
  const parser = new SseParser();
  assert.deepEqual(parser.push("data: a\r"), []);
  assert.deepEqual(parser.push("\ndata: b\r\n\r"), []);
  assert.deepEqual(parser.push("\n"), [{ event: "", data: "a\nb", id: "" }]);
});

test("a reader who leaves early ends the response", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: a\n\ndata: b\n\n")),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const { data } of readEvents(new Response(body))) {
    assert.equal(data, "a");
    break;
  }
  assert.equal(cancelled, true);
});
