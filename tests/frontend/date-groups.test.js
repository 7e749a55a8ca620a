/** Conversations are grouped by the reader's own days, whatever the clocks do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { byDate } from "../../frontend/shell/conversation-list.js";

/**
 * Group what was last used at some times, with a clock in some place; give the times by group.
 * @type {(zone: string, now: string, times: string[]) => Record<string, string[]>}
 */
function grouped(zone, now, times) {
  process.env.TZ = zone;
  const list = times.map((id) => ({
    ...{ id, title: "", active_run_id: null, metadata: {} },
    updated_at: Math.floor(Date.parse(id) / 1000),
  }));
  const groups = byDate(list, new Date(now));
  return Object.fromEntries(
    Array.from(groups, ([title, members]) => [title, members.map(({ id }) => id)]),
  );
}

test("a day begins at midnight where the reader is", () => {
  const times = ["2026-11-29T04:59:59Z", "2026-11-29T05:00:00Z", "2026-11-28T05:00:00Z"];
  const [before, after, yesterday] = times;
  const now = "2026-11-29T05:00:01Z";
  assert.deepEqual(grouped("America/New_York", now, times), {
    Today: [after],
    Yesterday: [before, yesterday],
  });
  assert.deepEqual(grouped("UTC", now, times), { Today: [before, after], Yesterday: [yesterday] });
  assert.deepEqual(grouped("Asia/Tokyo", now, times), {
    Today: [before, after],
    Yesterday: [yesterday],
  });
});

test("days of 23 and 25 hours are days", () => {
  const spring = ["2026-03-29T00:30:00+01:00", "2026-03-28T00:30:00+01:00"];
  assert.deepEqual(grouped("Europe/Berlin", "2026-03-29T23:30:00+02:00", spring), {
    Today: [spring[0]],
    Yesterday: [spring[1]],
  });
  const next = ["2026-03-29T00:10:00+01:00", "2026-03-28T23:50:00+01:00"];
  assert.deepEqual(grouped("Europe/Berlin", "2026-03-30T00:05:00+02:00", next), {
    Yesterday: [next[0]],
    "Previous 7 days": [next[1]],
  });
  const autumn = ["2026-10-25T00:10:00+02:00", "2026-10-24T23:50:00+02:00"];
  assert.deepEqual(grouped("Europe/Berlin", "2026-10-25T23:55:00+01:00", autumn), {
    Today: [autumn[0]],
    Yesterday: [autumn[1]],
  });
});

test("weeks, months and years have edges of their own, and the future is today", () => {
  const times = [
    ...["2026-12-24T00:00:00Z", "2026-11-29T00:00:00Z", "2026-11-28T23:59:59Z"],
    ...["2026-11-22T00:00:00Z", "2026-11-21T23:59:59Z", "2026-10-30T00:00:00Z"],
    ...["2026-10-29T23:59:59Z", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"],
  ];
  assert.deepEqual(grouped("UTC", "2026-11-29T12:00:00Z", times), {
    Today: times.slice(0, 2),
    Yesterday: times.slice(2, 3),
    "Previous 7 days": times.slice(3, 4),
    "Previous 30 days": times.slice(4, 6),
    October: times.slice(6, 7),
    January: times.slice(7, 8),
    "December 2025": times.slice(8),
  });
});

test("in January the month before has its year", () => {
  const times = ["2027-01-01T00:00:00Z", "2026-12-02T00:00:00Z", "2026-12-01T23:59:59Z"];
  assert.deepEqual(grouped("UTC", "2027-01-01T12:00:00Z", times), {
    Today: times.slice(0, 1),
    "Previous 30 days": times.slice(1, 2),
    "December 2026": times.slice(2),
  });
});
