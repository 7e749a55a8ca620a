/** Text that is still being written is cut and mended where nothing that follows changes it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesAndMarkers, withoutTail } from "../../frontend/text/links.js";
import { firstOpen, leadOf, mended, settledChars } from "../../frontend/text/mend.js";
import { plain } from "../../frontend/text/reader.js";
import { displayFormula, formulaAt } from "../../frontend/text/tex.js";

/** @type {[string, string][]} what has come, and what is shown of it */
const MENDED = [
  ["a **bo", "a **bo**"],
  ["a **bo*", "a **bo**"],
  ["a **", "a "],
  ["a *so", "a *so*"],
  ["***bo", "***bo***"],
  ["~~go", "~~go~~"],
  ["2 * 3", "2 * 3"],
  ["snake_ca", "snake_ca"],
  ["a `co", "a "],
  ["a `", "a "],
  ["a ``co ` d", "a "],
  ["a `*b` c", "a `*b` c"],
  ["see [the si", "see "],
  ["see [site](htt", "see site"],
  ["see [site](https://a.org", "see site"],
  ["see ![chart](htt", "see "],
  ["see [1", "see "],
  ["see [1]", "see "],
  ["see [1] ", "see [1] "],
  ["see 【1†so", "see "],
  ["a \\(x", "a "],
  ["a \\(", "a "],
  ["\\[ x\n= y", ""],
  ["$$\nx", ""],
  ["**a `b` and $$c$$ and \\(d\\)", "**a `b` and $$c$$ and \\(d\\)**"],
  ["a **b `c", "a **b**"],
  ["costs $5", "costs $5"],
  ["a &am", "a "],
  ["a <b", "a "],
  ["text\n-", "text\n"],
  ["text\n---", "text\n"],
  ["text\n2.", "text\n"],
  ["- [", ""],
  ["text\n##", "text\n"],
  ["text\n``", "text\n"],
  ["text\n```py", "text\n"],
  ["| a | b |", ""],
  ["| a | b |\n|--", ""],
  ["- *a\n- b", "- *a\n- b"],
];

for (const [source, expected] of MENDED) {
  test(`${JSON.stringify(source)} is shown as ${JSON.stringify(expected)} while it is written`, () => {
    assert.equal(mended(source), expected);
  });
}

test("code is left as it is, but for the fence that is to close it", () => {
  assert.equal(mended("```py\na ** b\n``", "code"), "```py\na ** b\n");
  assert.equal(mended("```py\na ** b [x", "code"), "```py\na ** b [x");
});

test("a row of a table is closed, not held back", () => {
  assert.equal(mended("| a |\n|---|\n| **b", "text", "table"), "| a |\n|---|\n| **b**");
});

test("whole text is left alone", () => {
  const whole = "# A\n\nSome **bold**, *soft* and `code`, $x$ and [a](https://a.org).\n\n- [ ] b\n";
  assert.equal(mended(whole), whole);
});

/** @type {[string, string | undefined][]} */
const FORMULAS = [
  ["$x^2$ is", "x^2"],
  ["$5 and $6", undefined],
  ["$5, or 6$.", undefined],
  ["$20 or 30$", undefined],
  ["$2 + 2$", "2 + 2"],
  ["$HOME/$USER", undefined],
  ["$5/$6", undefined],
  ["$ x $", undefined],
  ["$a `b$", undefined],
  ["$\\frac{1}{2}$", "\\frac{1}{2}"],
  ["\\(a\nb\\)", "a\nb"],
  ["\\[x\\]", "x"],
  ["$$x$$", "x"],
  ["\\(open", undefined],
];

for (const [source, expected] of FORMULAS) {
  test(`${JSON.stringify(source)} begins with ${expected ? "a formula" : "none"}`, () => {
    assert.equal(formulaAt(source)?.text, expected);
  });
}

test("a formula of its own ends before an empty line", () => {
  assert.deepEqual(displayFormula("$$\nx\n$$\n\nnext"), {
    type: "display",
    raw: "$$\nx\n$$\n\n",
    text: "x",
    display: true,
  });
  assert.equal(displayFormula("$$ is my shell\n\nand $$"), undefined);
  assert.equal(displayFormula("$$x$$ and more"), undefined);
});

const block = (/** @type {string} */ type, /** @type {string} */ raw, more = {}) => ({
  type,
  raw,
  ...more,
});

test("the block before one unfinished line is open as well", () => {
  const list = block("list", "1. a\n");
  const space = block("space", "\n");
  assert.equal(firstOpen([list, space, block("paragraph", "2")]), 0);
  assert.equal(firstOpen([list, space, block("paragraph", "2\n")]), 2);
  assert.equal(firstOpen([]), 0);
});

test("all but the end of a list, a table, open code or a long paragraph is settled", () => {
  const items = ["- a\n", "- b\n", "- c"].map((raw) => block("list_item", raw));
  assert.equal(settledChars(block("list", "- a\n- b\n- c", { items })), 4);
  const table = "|a|\n|-|\n|1|\n|2|";
  assert.equal(settledChars(block("table", table, { rows: [1, 2] })), table.length - 3);
  assert.equal(settledChars(block("code", "```js\na\nb")), "```js\na".length);
  assert.equal(settledChars(block("code", "```js\na\nb\n```")), 0);
  assert.equal(settledChars(block("code", "    a\n    b\n")), 0);
  assert.equal(settledChars(block("paragraph", "word ".repeat(100))), 0);
  assert.equal(settledChars(block("paragraph", "word ".repeat(400))), 1695);
  assert.equal(settledChars(block("paragraph", `**${"word ".repeat(400)}`)), 0);
  assert.equal(settledChars(block("blockquote", "> a\n> b\n")), 0);
});

test("what goes on is read behind its first lines", () => {
  assert.equal(leadOf("code", "```js\na\nb"), "```js\n");
  assert.equal(leadOf("table", "|a|\n|-|\n|1|\n|2|"), "|a|\n|-|\n");
  assert.equal(leadOf("list", "- a\n- b"), "");
});

test("plain text is cut into paragraphs and fenced code, and nothing is lost", () => {
  const source = "One\ntwo\n\n\nthree\n```py\n\ncode\n```\nfour\n~~~\nopen";
  const read = plain.lex(source);
  assert.deepEqual(
    read.map(({ type, text = "" }) => [type, text]),
    [
      ["paragraph", "One\ntwo"],
      ["space", ""],
      ["paragraph", "three"],
      ["code", "\ncode"],
      ["paragraph", "four"],
      ["code", "open"],
    ],
  );
  assert.equal(read.map(({ raw }) => raw).join(""), source);
});

test("addresses and markers are found in text", () => {
  const words = "see [1], a[0], [2](x), 【3†L1】 and (https://a.org/x_(y)). xhttps://b.org [1234]";
  const found = [...addressesAndMarkers(words)].map(([one]) => withoutTail(one));
  assert.deepEqual(found, ["[1", "【3†L1】", "https://a.org/x_(y)"]);
});

test("nothing makes reading slow", () => {
  const seeds = ["*", "**a ", "_a", "`", "` `` ", "[", "[a](", "![", "~~", "<b", "http://", "\\", "$", "$$", "\\[", "\\(a", "|", "|a\n", "\n\n", "- ", "> ", "【", "&", "a ", "# "]; // biome-ignore format: a list
  const begun = process.cpuUsage().user;
  for (const seed of seeds) {
    const source = seed.repeat(20_000 / seed.length);
    mended(source);
    formulaAt(source);
    displayFormula(source);
    plain.lex(source);
    settledChars(block("paragraph", source));
    settledChars(block("code", source));
    for (const [found] of addressesAndMarkers(source)) withoutTail(found);
  }
  const used_ms = (process.cpuUsage().user - begun) / 1000;
  assert.ok(used_ms < 3000, `${used_ms} ms`);
});
