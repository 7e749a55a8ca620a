/**
 * The only place that talks to the server: one call with log-in, renewal and errors taken care of.
 * The access token lives in memory alone; the browser keeps the refresh cookie out of scripts' reach.
 * Not for: naming the routes (`wire/server.js`) or reading answers (`wire/ask.js`).
 */

import { text } from "./strings.js";

/**
 * @typedef {object} CallOptions
 * @property {string} [method] GET by default
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

const REFRESH = "/api/auth/refresh";

/** The server refused or could not be reached; `status` is 0 for the latter. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, code?: string }} [facts]
   */
  constructor(message, { status = 0, code = "" } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }

  /** Whether the same call may well succeed in a moment. */
  get passing() {
    return [0, 502, 503, 504].includes(this.status);
  }
}

/** Calls the server as whoever is logged in. */
export class Api {
  #token = "";
  /** @type {Promise<boolean> | null} */
  #renewing = null;
  #send;
  #onLoggedOut;

  /** @param {{ send?: typeof fetch, onLoggedOut?: () => void }} [parts] */
  constructor({ send = (...call) => fetch(...call), onLoggedOut = () => undefined } = {}) {
    this.#send = send;
    this.#onLoggedOut = onLoggedOut;
  }

  /**
   * Log in and keep the browser session.
   * @param {string} username
   * @param {string} password
   */
  async login(username, password) {
    const body = { username, password, remember: true };
    const response = await this.#fetch("/api/auth/login", { method: "POST", body });
    if (!response.ok) throw await errorOf(response);
    this.#token = (await response.json()).access_token;
  }

  /** Renew the log-in by the browser session; false when there is none (any more). */
  renew() {
    this.#renewing ??= alone(() => this.#renew()).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** End the browser session. */
  async logout() {
    this.#token = "";
    await this.#fetch(REFRESH, { method: "DELETE" });
  }

  /**
   * Call and give the JSON of the answer; undefined for an empty one.
   * @param {string} path
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  async json(path, options) {
    const response = await this.open(path, options);
    return response.status === 204 ? undefined : response.json();
  }

  /**
   * Call and give the answer with its body unread, for streams.
   * @param {string} path
   * @param {CallOptions} [options]
   */
  async open(path, options = {}) {
    const used = this.#token;
    let response = await this.#fetch(path, options);
    if (response.status === 401 && (used !== this.#token || (await this.renew()))) {
      response = await this.#fetch(path, options);
    }
    if (response.ok) return response;
    if (response.status === 401) this.#onLoggedOut();
    throw await errorOf(response);
  }

  async #renew() {
    const response = await this.#fetch(REFRESH, { method: "POST" });
    if (response.status === 401 || response.status === 403) return false;
    if (!response.ok) throw await errorOf(response);
    this.#token = (await response.json()).access_token;
    return true;
  }

  /**
   * @param {string} path
   * @param {CallOptions} options
   */
  async #fetch(path, { method = "GET", body, headers = {}, signal }) {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const who = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    try {
      return await this.#send(path, {
        method,
        headers: { ...headers, ...json, ...who },
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(text.unreachable, { code: "unreachable" });
    }
  }
}

/** @param {Response} response with the server's error object, or told by its status alone */
async function errorOf(response) {
  const body = await response.json().catch(() => null);
  const { message = text.failed(response.status), code = "" } = body?.error ?? {};
  return new ApiError(message, { status: response.status, code: code ?? "" });
}

/**
 * Run while no other tab does: a refresh cookie is good once, and a second use ends the session.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function alone(work) {
  const locks = globalThis.navigator?.locks; // missing on plain http beyond localhost
  return locks ? await locks.request("steward-renew", work) : work();
}
