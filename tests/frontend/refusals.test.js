/** Refusals are said in the page's words, with the moment from which on another try is of use. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords } from "../../frontend/chat/refusals.js";
import { ApiError } from "../../frontend/wire/errors.js";

const NOON = new Date(2026, 0, 5, 12).getTime();

/** @type {(status: number, code: string, retry_s?: number) => string} */
const said = (status, code, retry_s = 0) => {
  const error = new ApiError("the server's words", status, { code, retry_s });
  const told = inWords(error, NOON);
  assert.ok(told instanceof Error);
  return told.message.replaceAll("\u202f", " ");
};

test("a budget that is used up names the time of day, or the day of one that lasts", () => {
  assert.match(said(429, "rate_limit_exceeded", 42), /Try again from 12:00:42 PM on\.$/);
  assert.match(
    said(429, "insufficient_quota", 86_400),
    /Try again from Jan 6, 2026, 12:00 PM on\.$/,
  );
  assert.doesNotMatch(said(429, "insufficient_quota"), /Try again/);
});

test("only a conversation that is being answered is said to be", () => {
  assert.match(said(409, "session_busy"), /being answered already/);
  assert.match(said(409, "resuming_off"), /no interrupted answer go on/);
  assert.equal(said(409, "conflict"), "the server's words");
});

test("what is no refusal known here stays as it is", () => {
  assert.equal(said(500, "overloaded"), "the server's words");
  assert.equal(inWords("words"), "words");
});
