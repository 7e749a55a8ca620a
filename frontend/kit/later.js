/** Parts of the page that are loaded and made when they are first wanted. */

import { text } from "../strings.js";

/**
 * A part that may not be there yet.
 * @template T
 */
export class Later {
  #make;
  #onError;
  /** @type {Promise<T> | null} */
  #coming = null;
  /** @type {T | null} null until it is there */
  now = null;

  /**
   * @param {() => Promise<T>} make
   * @param {(error: Error) => void} [onError] told when what is wanted of it cannot come
   */
  constructor(make, onError = () => undefined) {
    this.#make = make;
    this.#onError = onError;
  }

  /** Whether it is there or on its way. */
  get isWanted() {
    return this.#coming !== null;
  }

  /** Give it; made once, but tried again after a failure. */
  get() {
    this.#coming ??= this.#make().then(
      (made) => {
        this.now = made;
        return made;
      },
      (cause) => {
        this.#coming = null;
        throw new Error(text.unreachable, { cause });
      },
    );
    return this.#coming;
  }

  /** Have it come, for it will be wanted. */
  load() {
    this.get().catch(() => undefined); // tried again when it is
  }

  /**
   * Do something with it: at once when it is there, else as soon as it is, in turn.
   * @type {(work: (part: T) => unknown, onFailed?: () => void) => void} `onFailed` is told first when it cannot come
   */
  want(work, onFailed) {
    if (this.now) work(this.now);
    else
      this.get().then(work, (error) => {
        onFailed?.();
        this.#onError(error);
      });
  }
}
