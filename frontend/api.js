/**
 * The only place that talks to the server: one call with log-in, renewal and errors taken care of.
 * The access token lives in memory alone; the browser keeps the refresh cookie out of scripts' reach.
 * Not for: naming the routes (`wire/server.js`) or reading answers (`wire/ask.js`).
 */

import { errorOf, jsonOf, unreachable } from "./wire/errors.js";

const none = () => undefined;

/** @type {typeof import("./wire/transfer.js").sendForm} */
const sendForm = async (...form) => (await import("./wire/transfer.js")).sendForm(...form);

const REFRESH = "/api/auth/refresh";

/** Calls the server as whoever is logged in. */
export class Api {
  #token = "";
  /** @type {Promise<boolean> | null} */
  #renewing = null;
  #send;
  #transfer;
  #onLoggedOut;
  #onLost;

  /** @param {{ send?: typeof fetch, transfer?: typeof sendForm, onLoggedOut?: () => void, onLost?: () => void }} [parts] */
  constructor({ send, transfer = sendForm, onLoggedOut = none, onLost = none } = {}) {
    this.#send = send ?? globalThis.fetch.bind(globalThis);
    this.#transfer = transfer;
    this.#onLoggedOut = onLoggedOut;
    this.#onLost = onLost;
  }

  /** @type {(username: string, password: string) => Promise<void>} keeps the browser session */
  async login(username, password) {
    const body = { username, password, remember: true };
    const response = await this.#fetch("/api/auth/login", { method: "POST", body });
    if (!response.ok) throw await this.#fault(response);
    this.#token = (await jsonOf(response, this.#onLost)).access_token;
  }

  /** Renew the log-in by the browser session; false when there is none (any more). */
  renew() {
    // Only one tab at a time: a refresh cookie is good once, and a second use ends the session.
    const locks = globalThis.navigator?.locks; // missing on plain http beyond localhost
    const renew = () => this.#renew();
    return this.#once(() => (locks ? locks.request("steward-renew", renew) : renew()));
  }

  /** @param {() => Promise<boolean>} renew */
  #once(renew) {
    this.#renewing ??= renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** @type {(username: string, password: string) => Promise<boolean>} while others wait for it */
  loginAnew(username, password) {
    return this.#once(() => this.login(username, password).then(() => true));
  }

  /** End the browser session; throws when the server does not. */
  async logout() {
    this.forget();
    const response = await this.#fetch(REFRESH, { method: "DELETE", keepalive: true });
    if (!response.ok) throw await this.#fault(response);
  }

  /** Be nobody from now on. */
  forget() {
    this.#token = "";
  }

  /**
   * Call and give the JSON of the answer; undefined for an empty one.
   * @type {(path: string, options?: CallOptions) => Promise<any>}
   */
  async json(path, options) {
    const response = await this.open(path, options);
    return response.status === 204 ? undefined : jsonOf(response, this.#onLost);
  }

  /**
   * Call and give the answer with its body unread, for streams.
   * @type {(path: string, options?: CallOptions) => Promise<Response>}
   */
  open(path, options = {}) {
    return this.#withLogin(() => this.#fetch(path, options), options.also);
  }

  /**
   * Send a form, tell how much of it has gone, and give the JSON of the answer.
   * @type {(path: string, form: FormData, options: UploadOptions) => Promise<any>}
   */
  async upload(path, form, options) {
    const send = () =>
      this.#transfer(path, form, this.#token, options).catch((error) => {
        if (error.lost) this.#onLost();
        throw error;
      });
    return jsonOf(await this.#withLogin(send), this.#onLost);
  }

  /** @type {(call: () => Promise<Response>, also?: number) => Promise<Response>} */
  async #withLogin(call, also) {
    const used = this.#token;
    let response = await call();
    if (response.status === 401 && (used !== this.#token || (await this.renew()))) {
      response = await call();
    }
    if (response.ok || response.status === also) return response;
    if (response.status === 401) this.#onLoggedOut();
    throw await this.#fault(response);
  }

  /** @param {Response} response */
  async #fault(response) {
    const error = await errorOf(response);
    if (error.lost) this.#onLost();
    return error;
  }

  async #renew() {
    const response = await this.#fetch(REFRESH, { method: "POST" });
    if (response.status === 401 || response.status === 403) return false;
    if (!response.ok) throw await this.#fault(response);
    this.#token = (await jsonOf(response, this.#onLost)).access_token;
    return true;
  }

  /** @type {(path: string, options: CallOptions) => Promise<Response>} */
  async #fetch(path, { method = "GET", body, headers = {}, signal, keepalive = false }) {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const who = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    try {
      return await this.#send(path, {
        method,
        headers: { ...headers, ...json, ...who },
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
        keepalive,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      this.#onLost();
      throw unreachable();
    }
  }
}
