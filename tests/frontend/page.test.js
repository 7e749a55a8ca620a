/** The page is what its rules say: own files only, nothing inline, texts from the table. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { text } from "../../frontend/strings.js";

const PAGE = new URL("../../frontend/", import.meta.url);
const MOST_BYTES = 45_000; // docs/decisions/0027-what-the-page-weighs.md
// Style sheets are packed much better together, and each is a request of its own.
const MOST_LINES = { js: 150, html: 150, svg: 150, css: 400 };
// The table of texts has a line for each: to split it would only scatter them.
const TABLES = "strings/";
const HTML = readFileSync(new URL("index.html", PAGE), "utf8");

/** @type {[string, string][]} */
const FILES = readdirSync(PAGE, { recursive: true })
  .map(String)
  .filter((name) => /\.(js|css|html|svg)$/.test(name) && !name.startsWith("vendor"))
  .map((name) => [name, readFileSync(new URL(name, PAGE), "utf8")]);

/**
 * Name the files in which a pattern is found.
 * @param {RegExp} pattern
 * @param {string} ending
 */
function filesWith(pattern, ending) {
  return FILES.filter(([name, content]) => name.endsWith(ending) && pattern.test(content)).map(
    ([name]) => name,
  );
}

test("every text the page names stands in the table and is shown until scripts run", () => {
  const table = /** @type {Record<string, unknown>} */ (text);
  const named = [...HTML.matchAll(/data-(?:text|label|hint)="(\w+)"/g)].map(([, key = ""]) => key);
  assert.deepEqual(
    named.filter((key) => typeof table[key] !== "string"),
    [],
  );
  const shown = [...HTML.matchAll(/data-text="(\w+)"[^>]*>([^<]*)</g)];
  assert.ok(shown.length > 10);
  for (const [, key = "", words = ""] of shown) {
    assert.equal(words.replace(/\s+/g, " ").trim(), table[key], key);
  }
});

test("no text of the table is left over", () => {
  const all = FILES.filter(([name]) => !name.startsWith(TABLES)).map(([, content]) => content);
  const used = (/** @type {string} */ key) =>
    all.some((content) => new RegExp(`text\\.${key}\\b|="${key}"`).test(content));
  assert.deepEqual(
    Object.keys(text).filter((key) => !used(key)),
    [],
  );
});

test("nothing runs or is styled inline, and nothing comes from elsewhere", () => {
  assert.doesNotMatch(
    HTML,
    /<style|\sstyle=|\son\w+=|<script(?![^>]*(?:\ssrc=|type="importmap"))/i,
  );
  assert.doesNotMatch(HTML, /(?:src|href)="(?:[a-z]+:)?\/\//i);
  assert.deepEqual(filesWith(/@import|url\(/, ".css"), []);
});

test("every style sheet is linked and every linked file is there", () => {
  const scripts = FILES.map(([, content]) => content).join();
  const later = [...scripts.matchAll(/styled\("(\w+)"\)/g)].map(([, name]) => `styles/${name}.css`);
  const now = [...HTML.matchAll(/(?:src|href)="([\w/.-]+\.\w+)"/g)].map(([, name = ""]) => name);
  const linked = [...now, ...later];
  const names = FILES.map(([name]) => name);
  assert.deepEqual(
    linked.filter((name) => !names.includes(name)),
    [],
  );
  const sheets = names.filter((name) => name.endsWith(".css"));
  assert.deepEqual(
    sheets.filter((name) => !linked.includes(name)),
    [],
  );
});

test("only two files talk to the server and one makes elements from markup, cleaned", () => {
  const calls = filesWith(/\bfetch\(|XMLHttpRequest|EventSource|sendBeacon/, ".js");
  assert.deepEqual(calls, ["api.js", "wire/transfer.js"]);
  const markup = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(/;
  assert.deepEqual(filesWith(markup, ".js"), []);
  assert.deepEqual(filesWith(/\.sanitize\(|from "(?:dompurify|marked)"/, ".js"), ["text/rich.js"]);
});

/** Empty what holds only a comment, as the server does (backend/kit/page_files.py). */
const withoutComments = (/** @type {string} */ source) =>
  source.replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$|^[ \t]*\/\/.*$/gm, (gone) =>
    gone.replace(/[^\n]/g, ""),
  );

test("the page comes quickly: all of ours that a first visit needs is less than 45 KB as it is sent", () => {
  const files = new Map(FILES);
  const wanted = [...HTML.matchAll(/(?:src|href)="([\w/.-]+\.(?:js|css))"/g)].map(
    ([, name]) => name,
  );
  const sent = new Set(wanted);
  for (const name of sent) {
    for (const [, from = ""] of (files.get(name ?? "") ?? "").matchAll(
      /^(?:im|ex)port\b[^"';]*from "(\.[^"]+)"/gm,
    )) {
      sent.add(new URL(from, `https://page/${name}`).pathname.slice(1));
    }
  }
  const bytes = [...sent].map(
    (name) => brotliCompressSync(withoutComments(files.get(name ?? "") ?? "")).length,
  );
  const sum = bytes.reduce((before, one) => before + one);
  assert.ok(sent.size > 20 && sum < MOST_BYTES, `${sum} bytes in ${sent.size} files`);
});

test("every file has one subject and is short", () => {
  const most = (/** @type {[string, string]} */ [name]) =>
    MOST_LINES[/** @type {keyof typeof MOST_LINES} */ (name.split(".").at(-1))];
  const files = FILES.filter(([name]) => !name.startsWith(TABLES));
  const long = files.filter((file) => file[1].split("\n").length - 1 > most(file));
  assert.deepEqual(
    long.map(([name]) => name),
    [],
  );
});
