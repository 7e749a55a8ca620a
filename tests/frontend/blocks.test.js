/** Markdown is cut into blocks, and blocks that were called settled never change. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBlocks } from "../../frontend/text/blocks.js";
import { parseProgress } from "../../frontend/text/markdown.js";

const paragraph = (/** @type {number} */ line, /** @type {string} */ text) => ({
  line,
  type: "paragraph",
  text,
});

test("each kind of block is told apart", () => {
  const source = "# Title #\ntext\nmore\n\n---\n> said\n\n```js\nlet x;\n\n```\nend";
  assert.deepEqual(parseBlocks(source), [
    { line: 0, type: "heading", level: 1, text: "Title" },
    paragraph(1, "text\nmore"),
    { line: 4, type: "rule" },
    { line: 5, type: "quote", blocks: [paragraph(0, "said")] },
    { line: 7, type: "code", language: "js", text: "let x;\n" },
    paragraph(11, "end"),
  ]);
});

test("a list holds nested lists, code and further paragraphs", () => {
  const source = "1. a\n   - b\n   - c\n\n2. d\n   ```\n   e\n   ```\n\nend";
  const inner = [[paragraph(0, "b")], [paragraph(0, "c")]];
  const nested = { line: 1, type: "list", ordered: false, first: 1, items: inner };
  const second = [paragraph(0, "d"), { line: 1, type: "code", language: "", text: "e" }];
  assert.deepEqual(parseBlocks(source), [
    {
      line: 0,
      type: "list",
      ordered: true,
      first: 1,
      items: [[paragraph(0, "a"), nested], second],
    },
    paragraph(9, "end"),
  ]);
});

test("a table needs its line of dashes and fills short rows", () => {
  assert.deepEqual(parseBlocks("| a | b \\| c |\n|---|:-:|\n| 1 |\n"), [
    { line: 0, type: "table", head: ["a", "b | c"], rows: [["1", ""]] },
  ]);
  assert.deepEqual(parseBlocks("a | b\nc"), [paragraph(0, "a | b\nc")]);
});

test("a fence that is still open reaches to the end and hides what looks like Markdown", () => {
  assert.deepEqual(parseBlocks("~~~~py\n# no title\n~~~\n- no list"), [
    { line: 0, type: "code", language: "py", text: "# no title\n~~~\n- no list" },
  ]);
});

test("a settled block never changes whatever follows", () => {
  const source =
    "Intro\n\n1. a\n\n2. b\n   more\n- c\n\n  d\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```\n- z\n\n```\n> q\n\nend";
  const whole = parseBlocks(source);
  for (let end = 0; end <= source.length; end += 1) {
    const { blocks, settled } = parseProgress(source.slice(0, end));
    assert.deepEqual(blocks.slice(0, settled), whole.slice(0, settled), source.slice(0, end));
  }
});

test("the settled text ends where the first open block begins", () => {
  assert.equal(parseProgress("one\n\ntwo\n").settled_chars, 5);
  assert.equal(parseProgress("1. a\n\n2").settled_chars, 0);
  assert.equal(parseProgress("").settled_chars, 0);
});

test("absurdly deep nesting is read without failing", () => {
  assert.equal(parseBlocks(">".repeat(5000)).length, 1);
  assert.equal(parseBlocks("- ".repeat(5000)).length, 1);
});
