/** What the page says of files, and which addresses open a cited passage. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostOf } from "../../frontend/chat/known.js";
import { sizeOf } from "../../frontend/files/artifact.js";
import { factsOf } from "../../frontend/files/file-item.js";
import { markedPage, pageAround, tablesIn } from "../../frontend/files/leaf.js";
import { addressOf, citationIn, conversationIn } from "../../frontend/text/links.js";
import { ApiError } from "../../frontend/wire/errors.js";

const FILE = {
  file_id: "file-1",
  filename: "a.pdf",
  kind: "pdf",
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
    ...["5.0 TB", "5,000 TB"],
  ]);
});

test("a file tells what matters in its state", () => {
  const facts = [
    factsOf(FILE),
    factsOf({ ...FILE, pages: 1, note: "Page 2 has no text" }),
    factsOf({ ...FILE, pages: 0 }),
    factsOf({ ...FILE, state: "queued", progress: 0 }),
    factsOf({ ...FILE, state: "embedding", progress: 0.456 }),
    factsOf({ ...FILE, state: "failed", reason: "It is encrypted" }),
    factsOf({ ...FILE, state: "failed" }),
    factsOf({ ...FILE, state: "dreaming", progress: 0 }),
  ];
  assert.deepEqual(facts, [
    "1.2 MB · 3 pages",
    "1.2 MB · 1 page · Page 2 has no text",
    "1.2 MB",
    "Waiting to be read",
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

test("a passage is marked on its page by characters, also where it is cut by the page's end", () => {
  const page = { text: "😀😀 abc def", start: 100 };
  const marked = [
    markedPage(page, { start: 103, end: 106 }),
    markedPage(page, { start: 90, end: 102 }),
    markedPage(page, { start: 107, end: 999 }),
    markedPage(page, { start: 0, end: 0 }),
  ];
  assert.deepEqual(marked, [
    ["😀😀 ", "abc", " def"],
    ["", "😀😀", " abc def"],
    ["😀😀 abc ", "def", ""],
    ["", "", "😀😀 abc def"],
  ]);
});

test("the page around a character is found in few steps, however unequal pages are", async () => {
  const lengths = Array.from({ length: 500 }, (_, at) => (at % 7) * 10 + (at > 400 ? 2000 : 0));
  let start = 0;
  const pages = lengths.map((length, at) => {
    const page = { number: at + 1, page: null, start, end: start + length, text: "" };
    start += length;
    return page;
  });
  const file = { ...FILE, pages: pages.length, chars: start };
  let asked = 0;
  const api = /** @type {any} */ ({
    json: async (/** @type {string} */ path) => {
      asked += 1;
      return { pages: [pages[Number(/page=(\d+)$/.exec(path)?.[1]) - 1]] };
    },
  });
  const wanted = pages.filter((one) => one.end > one.start);
  const found = [];
  for (const { start: at, number } of wanted) {
    const page = number % 2 ? null : Math.min(number + 1, 600);
    found.push(await pageAround(api, file, { start: at, end: at + 1, page }));
  }
  assert.deepEqual(found, wanted);
  assert.ok(asked / wanted.length < 10, `${asked / wanted.length}`);
});

test("rows of a table are read back into columns, with the lines between them", () => {
  const text = "Sales\n\nname: Ann; city: Köln: Süd; Mitte\nname: Bob; note: 😀";
  const start = 100 + text.indexOf("name: Bob");
  const found = tablesIn({ text, start: 100 }, { start, end: start + 4 });
  assert.deepEqual(
    found.map(({ head, rows }) => [head, rows.map((one) => [...one.cells.values()])]),
    [
      [[], [["Sales"]]],
      [
        ["name", "city", "note"],
        [
          ["Ann", "Köln: Süd; Mitte"],
          ["Bob", "😀"],
        ],
      ],
    ],
  );
  const marked = found.flatMap(({ rows }) => rows.map((one) => one.isMarked));
  assert.deepEqual(marked, [false, false, true]);
});

test("a passage is found in a text without pages, whose parts nobody has counted", async () => {
  const parts = [0, 12_000, 31_000, 45_000, 52_000];
  /** @type {number[]} */
  const asked = [];
  const api = /** @type {Api} */ (
    /** @type {unknown} */ ({
      json: async (/** @type {string} */ path) => {
        const number = Number(path.split("=")[1]);
        asked.push(number);
        if (number < 1 || number >= parts.length) throw new ApiError("no such part", 404);
        const [start = 0, end = 0] = parts.slice(number - 1);
        return { pages: [{ number, page: null, start, end, text: "" }] };
      },
    })
  );
  const file = { ...FILE, pages: 0, chars: 52_000 };
  for (const [start, number] of /** @type {const} */ ([
    [0, 1],
    [20_000, 2],
    [51_999, 4],
  ])) {
    const found = await pageAround(api, file, { start, end: start + 1, page: null });
    assert.equal(found?.number, number);
  }
  assert.ok(asked.length < 12, String(asked));
});
