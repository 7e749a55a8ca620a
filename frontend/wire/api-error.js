/** What it looks like when the server refuses something or cannot be reached. */

import { text } from "../strings.js";

/** The server refused or could not be reached; `status` is 0 for the latter. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   */
  constructor(message, status = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }

  /** Whether the same call may well succeed in a moment. */
  get passing() {
    return [0, 502, 503, 504].includes(this.status);
  }
}

/**
 * Read the server's error object; without one the status alone tells.
 * @param {Response} response
 */
export async function errorOf(response) {
  const body = await response.json().catch(() => null);
  return new ApiError(body?.error?.message ?? text.failed(response.status), response.status);
}

/**
 * Tell people what went wrong.
 * @param {unknown} error
 */
export const wordsOf = (error) => (error instanceof Error ? error.message : String(error));

/** Say that no answer came at all. */
export const unreachable = () => new ApiError(text.unreachable);
