/** Sends files to the server, a few at a time; waits out a lost connection and an ended log-in. */

import { sleep } from "../wire/ask.js";
import { ApiError, wordsOf } from "../wire/errors.js";
import { uploadFile } from "../wire/server.js";

const AT_ONCE = 3;
const WAITS_MS = [1000, 2000, 4000, 8000];

/** The files on their way; one that was refused can be sent again. */
export class Uploads {
  #api;
  #wait;
  #running = 0;
  #held = false;
  /** @type {Upload[]} */
  #queue = [];
  /** @type {Set<Upload>} that failed because the server was not reached */
  #lost = new Set();
  /** @type {() => unknown} told of each file that has arrived */
  onSent = () => {};

  /**
   * @param {Api} api
   * @param {(delay_ms: number) => Promise<unknown>} [wait]
   */
  constructor(api, wait = sleep) {
    this.#api = api;
    this.#wait = wait;
  }

  /** @type {(file: File, onChange: Upload["onChange"]) => Upload} its `stop` gives it up */
  add(file, onChange) {
    const known = { file, onChange, share: 0, reason: "", fileId: "" };
    /** @type {Upload} */
    const upload = { ...known, state: "queued", stop: new AbortController() };
    this.send(upload);
    return upload;
  }

  /** @type {(upload: Upload) => void} send it when it is its turn */
  send(upload) {
    change(upload, { state: "queued", reason: "" });
    this.#queue.push(upload);
    this.#next();
  }

  /** Go on after a new log-in, or when the server is there again. */
  resume() {
    this.#held = false;
    for (const one of this.#lost) if (one.state === "failed") this.send(one);
    this.#lost.clear();
    this.#next();
  }

  #next() {
    while (!this.#held && this.#running < AT_ONCE && this.#queue.length > 0) {
      this.#running += 1;
      this.#send(/** @type {Upload} */ (this.#queue.shift())).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  /** @param {Upload} upload */
  async #send(upload) {
    for (const wait_ms of [...WAITS_MS, 0]) {
      if (upload.stop.signal.aborted || !(await this.#try(upload, wait_ms === 0))) return;
      if (wait_ms) await this.#wait(wait_ms);
    }
    this.#lost.add(upload);
  }

  /** @type {(upload: Upload, last: boolean) => Promise<boolean>} true when it may go better in a moment */
  async #try(upload, last) {
    const { file, stop } = upload;
    const onProgress = (/** @type {number} */ share) => change(upload, { state: "sending", share });
    try {
      change(upload, { state: "sending", share: 0, reason: "" });
      const fileId = await uploadFile(this.#api, file, { onProgress, signal: stop.signal });
      change(upload, { state: "sent", fileId });
      this.onSent();
      return false;
    } catch (error) {
      const { status, passing } = error instanceof ApiError ? error : new ApiError("", 500);
      const again = passing && !last;
      this.#held ||= status === 401;
      if (status === 401) this.#queue.unshift(upload);
      const failed = !again && status !== 401;
      change(upload, { state: failed ? "failed" : "queued", reason: wordsOf(error) });
      return passing;
    }
  }
}

/** @type {(upload: Upload, news: Partial<Upload>) => void} */
function change(upload, news) {
  if (!upload.stop.signal.aborted) upload.onChange(Object.assign(upload, news));
}
