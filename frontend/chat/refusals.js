/** What the server refuses, in the page's words where it has any that say more than the server's. */

import { language, text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/errors.js";
import { told } from "./run-words.js";

const LONG_S = 12 * 3600; // after which a time of day alone says too little

/**
 * Give an error that says what can be done about a refusal, or the error itself.
 * @type {(error: unknown, now_ms?: number) => unknown}
 */
export function inWords(error, now_ms = Date.now()) {
  if (!(error instanceof ApiError)) return error;
  const { code, retry_s, status } = error;
  if (code === "session_busy") return new Error(text.busyElsewhere);
  const words = Object.hasOwn(told.refusals, code) ? told.refusals[code] : undefined;
  if (!words || ![409, 429, 503].includes(status)) return error;
  return new Error(retry_s ? `${words} ${told.again(momentIn(retry_s, now_ms))}` : words);
}

/** @type {(error: unknown) => unknown} give an error that says the same to whoever has left what was refused */
export function refusedAfter(error) {
  if (!(error instanceof ApiError) || error.status === 401 || error.lost) return error;
  return new Error(`${told.draftAgain} ${wordsOf(inWords(error))}`);
}

/** @type {(wait_s: number, now_ms: number) => string} */
function momentIn(wait_s, now_ms) {
  /** @type {Intl.DateTimeFormatOptions} */
  const day = wait_s > LONG_S ? { dateStyle: "medium" } : {};
  const time = wait_s > LONG_S ? "short" : "medium";
  return new Date(now_ms + wait_s * 1000).toLocaleString(language, { ...day, timeStyle: time });
}
