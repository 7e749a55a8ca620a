/** An answer may link only to hosts that the user named or that tools brought. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { visible } from "../../frontend/chat/approval-view.js";
import { Known } from "../../frontend/chat/known.js";
import { artifactIn } from "../../frontend/text/links.js";

Object.assign(globalThis, { location: { origin: "http://here:8000" } });

/** @param {string} words */
function heard(words) {
  const known = new Known();
  known.hear(words);
  return known;
}

/** @type {[string, string, boolean][]} */
const CASES = [
  ["see https://a.org/x?y", "https://a.org/other", true],
  ["see https://a.org/x?y", "http://www.a.org", true],
  ["see a.org, please", "https://a.org", true],
  ["mail bob@a.org.", "https://a.org", true],
  ["(https://a.org)", "https://A.ORG./x", true],
  ["a.org", "https://b.a.org", false],
  ["a.org", "https://a.org.evil.com", false],
  ["a.org", "https://nota.org", false],
  ["a.org", "https://a.org@evil.com", false],
  ["a.org", "https://evil.com\\@a.org", false],
  ["a.org", "https://evil.com/#a.org", false],
  ["a.org", "https://me:secret@a.org", false],
  ["a.org", "https://\u0430.org", false],
  ["münchen.de", "https://xn--mnchen-3ya.de/", true],
  ["https://a.org@evil.com is bad", "https://a.org", false],
  ["read README.md and run.sh", "https://readme.md/?q", false],
  ["https://readme.md", "https://readme.md/?q", true],
  ["3.14 is pi", "http://3.14", false],
  ["on http://10.0.0.7:81/", "http://10.0.0.7:81/a", true],
  ["", "http://here:8000/x", true],
  ["", "http://here:9000/x", false],
  ["", "//evil.com", false],
  ["", "https://", false],
];

for (const [words, address, expected] of CASES) {
  test(`after "${words}" ${address} is ${expected ? "a link" : "text"}`, () => {
    assert.equal(heard(words).allows(address), expected);
  });
}

test("hosts, citations and artifacts of tools are known", () => {
  const known = new Known();
  const one = { id: "art_1", filename: "a.png", media_type: "image/png", size_bytes: 1 };
  known.note({ hosts: ["a.org"], citations: [{ title: "B", url: "https://b.org/x" }] });
  known.note({ citations: [{ title: "no address" }], artifacts: [one] });
  assert.deepEqual(
    ["https://a.org/1", "https://b.org/2", "https://c.org"].map((each) => known.allows(each)),
    [true, true, false],
  );
  assert.deepEqual([known.artifact("art_1"), known.size], [one, 3]);
});

test("an artifact is known by its path alone, on any host, without its key", () => {
  const addresses = [
    "http://h:1/api/artifacts/art_1?key=x",
    "/api/artifacts/art_a-B#x",
    "https://e.org/?/api/artifacts/art_1",
    "https://e.org/api/artifacts/art_1/../me",
    "https://e.org/api/artifacts/art_%2e%2e",
    "https://e.org/api/artifacts/me",
  ];
  assert.deepEqual(addresses.map(artifactIn), ["art_1", "art_a-B", "", "", "", ""]);
});

test("what an approval shows hides nothing", () => {
  assert.equal(visible("a\u202eb\u200bc\n\td\u0000é"), "a\\u{202e}b\\u{200b}c\n\td\\u{0}é");
});

test("long words of a user are searched in no time", () => {
  const begun = process.cpuUsage().user;
  for (const seed of ["a", "a.", "a-", "http://", "a@b."])
    heard(seed.repeat(200_000 / seed.length));
  const used_ms = (process.cpuUsage().user - begun) / 1000;
  assert.ok(used_ms < 3000, `${used_ms} ms`);
});
