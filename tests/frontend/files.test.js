/** What the page says of files, and which addresses open a cited passage. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostOf } from "../../frontend/chat/sources.js";
import { factsOf, sizeOf } from "../../frontend/files/file-item.js";
import { addressOf, citationIn, conversationIn } from "../../frontend/shell/place.js";

const FILE = {
  file_id: "file-1",
  filename: "a.pdf",
  size: 1_234_567,
  state: "ready",
  progress: 1,
  pages: 3,
  chars: 10,
  reason: "",
  note: "",
};

test("sizes are written with three digits at most", () => {
  const sizes = [0, 999, 1000, 9949, 9950, 999_499, 999_500, 123_456_789, 5e12, 5e15];
  assert.deepEqual(sizes.map(sizeOf), [
    ...["0 B", "999 B", "1.0 KB", "9.9 KB", "10 KB", "999 KB", "1.0 MB", "123 MB"],
    ...["5.0 TB", "5000 TB"],
  ]);
});

test("a file tells what matters in its state", () => {
  const facts = [
    factsOf(FILE),
    factsOf({ ...FILE, pages: 1, note: "Page 2 has no text" }),
    factsOf({ ...FILE, pages: 0 }),
    factsOf({ ...FILE, state: "embedding", progress: 0.456 }),
    factsOf({ ...FILE, state: "failed", reason: "It is encrypted" }),
    factsOf({ ...FILE, state: "failed" }),
    factsOf({ ...FILE, state: "dreaming", progress: 0 }),
  ];
  assert.deepEqual(facts, [
    "1.2 MB · 3 pages",
    "1.2 MB · 1 page · Page 2 has no text",
    "1.2 MB",
    "Being indexed, 46 %",
    "It is encrypted",
    "Failed",
    "dreaming, 0 %",
  ]);
});

test("a citation is known by the page's own address and by the server's link", () => {
  const cited = [
    "#/citation/cit_1",
    "https://steward.example/#/citation/cit_a%2Eb",
    "http://127.0.0.1:8000/api/citations/cit_1",
    "https://other.example/report#cit_1",
    "https://other.example/api/citations/cit_1/more",
    "#/citation/../cit_1",
    "#/citation/cit_%ff",
    "#/c/cit_1",
    "",
  ];
  assert.deepEqual(cited.map(citationIn), ["cit_1", "cit_a.b", "cit_1", "", "", "", "", "", ""]);
  assert.equal(conversationIn("#/citation/cit_1"), "");
  assert.equal(conversationIn(addressOf("conv_1")), "conv_1");
});

test("a passage of one's own names no host, a web page does", () => {
  assert.equal(hostOf("http://127.0.0.1:8000/api/citations/cit_1"), "");
  assert.equal(hostOf("https://www.example.org/a"), "example.org");
});
