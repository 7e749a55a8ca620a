/** Emphasis, code, links and markers are found in a line, and nothing dangerous becomes a link. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInline } from "../../frontend/text/inline.js";

/** @typedef {ReturnType<typeof parseInline>[number]} Inline */

/**
 * Write tokens in a short form: strong(..), link<href>(..), cite 1.
 * @param {Inline[]} tokens
 * @returns {string}
 */
function short(tokens) {
  return tokens.map(shortOne).join("");
}

/** @param {Inline} token */
function shortOne(token) {
  if (token.type === "text") return token.text;
  if (token.type === "code") return `code(${token.text})`;
  if (token.type === "cite") return `cite ${token.number}`;
  if (token.type === "link") return `link<${token.href}>(${short(token.children)})`;
  if (token.type === "artifact") {
    return `${token.picture ? "picture" : "file"} ${token.id}(${token.name})`;
  }
  return `${token.type}(${short(token.children)})`;
}

/** @type {[string, string][]} */
const LINES = [
  ["**bold** and *soft*", "strong(bold) and em(soft)"],
  ["***both***", "strong(em(both))"],
  ["snake_case_name and __dunder", "snake_case_name and __dunder"],
  ["__bold__ and _soft_ and ~~gone~~", "strong(bold) and em(soft) and del(gone)"],
  ["2 * 3 * 4 and **open", "2 * 3 * 4 and **open"],
  ["`a * b` and ``c ` d``", "code(a * b) and code(c ` d)"],
  ["`open", "`open"],
  ["\\*not soft\\*", "*not soft*"],
  ["see [1], [2][3] and a[0]", "see cite 1, cite 2cite 3 and a[0]"],
  ['[site](https://a.org/x_(y) "t")', "link<https://a.org/x_(y)>(site)"],
  ["[**b** [1]](https://a.org)", "link<https://a.org>(strong(b) [1])"],
  ["![chart](https://a.org/c.png)", "link<https://a.org/c.png>(chart)"],
  ["[![i](https://e.org/i.png)](https://a.org)", "link<https://a.org>(i)"],
  [
    "at https://a.org/b. Or <https://c.org/>!",
    "at link<https://a.org/b>(https://a.org/b). Or link<https://c.org/>(https://c.org/)!",
  ],
  ["(https://a.org/x_(y))", "(link<https://a.org/x_(y)>(https://a.org/x_(y)))"],
  ["[x](javascript:alert(1))", "x"],
  ["[x](data:text/html,hi) [y](/api/me) [z](//e.org)", "x y z"],
  ["![x](javascript:alert(1))", "x"],
  ["<b>html</b> & <img src=x>", "<b>html</b> & <img src=x>"],
  ["xhttps://a.org", "xhttps://a.org"],
  ["![a.png](http://h:1/api/artifacts/art_1-x?key=k.1)", "picture art_1-x(a.png)"],
  [
    "[out.csv](https://e.org/api/artifacts/art_2) <http://h/api/artifacts/art_3?key=k>",
    "file art_2(out.csv) file art_3(art_3)",
  ],
  ["[x](/api/artifacts/art_4#y)", "file art_4(x)"],
  ["[x](https://e.org/?/api/artifacts/art_5)", "link<https://e.org/?/api/artifacts/art_5>(x)"],
  ["[x](/api/artifacts/art_6/../../me) [y](/api/artifacts/me)", "x y"],
  ["[![i](http://h/api/artifacts/art_7)](https://a.org)", "link<https://a.org>(i)"],
];

for (const [line, expected] of LINES) {
  test(`"${line}" is read as "${expected}"`, () => {
    assert.equal(short(parseInline(line)), expected);
  });
}

test("nothing makes reading slow", () => {
  const seeds = [
    "*",
    "**a ",
    "_a",
    "`",
    "` `` ",
    "[",
    "[a](",
    "![",
    "[![",
    "~~",
    "<h",
    "http://",
    "\\",
    "[a](<",
    "[[1]",
  ];
  const begun = process.cpuUsage().user;
  for (const seed of seeds) parseInline(seed.repeat(20_000 / seed.length));
  const used_ms = (process.cpuUsage().user - begun) / 1000;
  assert.ok(used_ms < 3000, `${used_ms} ms`);
});
