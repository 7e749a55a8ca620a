/** What goes wrong with a call, in the words of the server where it has any. */

import { text } from "../strings.js";

/** The server refused, or could not be reached: `status` 0; `param` names what is wrong of the request. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   * @param {{ code?: string, param?: string, retry_s?: number }} [more] the server's word for it, the field
   *   that is to blame, and when to try again
   */
  constructor(message, status = 0, { code = "", param = "", retry_s = 0 } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.param = param;
    this.retry_s = retry_s;
    this.upstream = code.startsWith("upstream"); // the model server is to blame
  }

  /** Whether nobody answered, or only a proxy that reached nobody. */
  get lost() {
    return this.passing && this.status !== 503 && ["", "unavailable"].includes(this.code);
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
  const { message = text.failed(response.status), code, param } = body?.error ?? {};
  const retry_s = Number(response.headers.get("retry-after")) || 0;
  return new ApiError(message, response.status, { code: code ?? "", param: param ?? "", retry_s });
}

/**
 * Read the JSON of an answer; one without comes from no server of ours, or was cut off.
 * @type {(response: Response, onLost: () => void) => Promise<any>}
 */
export async function jsonOf(response, onLost) {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof DOMException) throw error; // given up by who asked
    onLost();
    throw unreachable();
  }
}

/** @param {unknown} error */
export const wordsOf = (error) => (error instanceof Error ? error.message : String(error));

/** Say that no answer came at all. */
export const unreachable = () => new ApiError(text.unreachable);
