/** Measurements of several servers are told apart, and one that was restarted goes on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { lanes } from "../../frontend/settings/lanes.js";

/** @type {(server: string, at_ms: number) => PerformanceSample} */
const sample = (server, at_ms) => ({
  ...{ server, at_ms, cpu: 0, memory_bytes: 0, disk_free_bytes: 0, disk_bytes: 0 },
  ...{ active_runs: 0, queue: 0 },
});

/** @type {(now: PerformanceSample, samples: PerformanceSample[]) => [string, number[]][]} */
const drawn = (now, samples) =>
  lanes({ now, samples, models: [] }).map((one) => [
    one.name,
    one.samples.map(({ at_ms }) => at_ms),
  ]);

test("servers side by side have a line each, and only the one that was asked tells how it is now", () => {
  const samples = [sample("a", 1), sample("b", 2), sample("a", 3), sample("b", 4)];
  assert.deepEqual(drawn(sample("b", 5), samples), [
    ["a", [1, 3]],
    ["b", [2, 4, 5]],
  ]);
});

test("a server that began when another had ended goes on in its line, not in that of one that lives", () => {
  const samples = [sample("a", 1), sample("b", 2), sample("a", 3), sample("c", 6), sample("b", 7)];
  const [one, other] = lanes({ now: sample("c", 8), samples, models: [] });
  assert.deepEqual(drawn(sample("c", 8), samples), [
    ["c", [1, 3, 6, 8]],
    ["b", [2, 7]],
  ]);
  assert.deepEqual([[...(one?.ids ?? [])], [...(other?.ids ?? [])]], [["a", "c"], ["b"]]);
});

test("a server without a history has what it says of itself", () => {
  assert.deepEqual(drawn(sample("a", 1), []), [["a", [1]]]);
});
