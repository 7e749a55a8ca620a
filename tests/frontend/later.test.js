/** A part of the page is made once, when it is first wanted, and what is wanted of it is done in turn. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Later } from "../../frontend/kit/later.js";
import { text } from "../../frontend/strings.js";

test("it is made once, and what came before it was there is done in its order", async () => {
  let made = 0;
  const part = new Later(async () => {
    made += 1;
    return { number: made };
  });
  /** @type {string[]} */
  const done = [];
  assert.equal(part.isWanted, false);
  part.want((it) => done.push(`first ${it.number}`));
  part.load();
  part.want((it) => done.push(`second ${it.number}`));
  assert.deepEqual([done, part.isWanted, part.now], [[], true, null]);
  await part.get();
  part.want((it) => done.push(`at once ${it.number}`));
  assert.deepEqual(done, ["first 1", "second 1", "at once 1"]);
  assert.deepEqual(part.now, { number: 1 });
});

test("what cannot be loaded is told in words, and tried again when it is wanted again", async () => {
  let tries = 0;
  /** @type {string[]} */
  const told = [];
  const part = new Later(
    async () => {
      tries += 1;
      if (tries < 3) throw new TypeError("Failed to fetch dynamically imported module");
      return "there";
    },
    ({ message }) => told.push(message),
  );
  part.load(); // nobody has asked for anything: nothing is told
  await assert.rejects(part.get());
  part.want(
    () => told.push("done"),
    () => told.push("given back"),
  );
  await assert.rejects(part.get());
  assert.deepEqual(told, ["given back", text.unreachable]);
  assert.equal(await part.get(), "there");
  part.want((it) => told.push(it));
  assert.deepEqual(told.slice(2), ["there"]);
});
