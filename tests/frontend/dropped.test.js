/** Which files come out of what is dropped onto the page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { filesIn } from "../../frontend/files/drops.js";
import { collected } from "./collected.js";

/** @type {(name: string) => any} an entry as Chromium gives it, of a class that has no name there */
const file = (name) => ({
  ...{ name, isFile: true, isDirectory: false },
  file: (/** @type {(file: string) => void} */ done) => done(name),
});

/** @type {(name: string, ...entries: any[]) => any} a folder that is read in parts of two */
const folder = (name, ...entries) => ({
  ...{ name, isFile: false, isDirectory: true },
  createReader: () => ({
    readEntries: (/** @type {(some: any[]) => void} */ done) => done(entries.splice(0, 2)),
  }),
});

test("a file is itself, and a folder all that is in it at any depth, without what is hidden", async () => {
  const dropped = folder(
    "a",
    ...[file("1"), folder("b", file("2"), file(".hidden"), folder(".git", file("x")), file("3"))],
    ...[file("4"), folder("empty")],
  );
  assert.deepEqual(await collected(filesIn(file("0"))), ["0"]);
  assert.deepEqual(await collected(filesIn(dropped)), ["1", "2", "3", "4"]);
});

test("a huge folder is not walked without end", async () => {
  const names = Array.from({ length: 50 }, (_, index) => `${index}`);
  const dropped = folder("a", ...names.map(file));
  assert.equal((await collected(filesIn(dropped, { left: 7 }))).length, 7);
});

test("a file that cannot be read keeps no other one back, and is refused by its name", async () => {
  const lost = {
    ...file("lost"),
    file: (/** @type {any} */ _, /** @type {() => void} */ fail) => fail(),
  };
  const [one, empty, two] = await collected(filesIn(folder("a", file("1"), lost, file("2"))));
  assert.deepEqual([one, two], ["1", "2"]);
  assert.deepEqual([empty?.name, empty?.size], ["lost", 0]);
});
