/** Does work once per frame, and less often when it takes long: the page must stay smooth. */

// How many times as long as the work took the next is waited for.
const REST = 4;

/** Work that is asked for more often than it can be seen. */
export class Pace {
  #work;
  #frame = 0;
  #rests_until = 0;

  /** @param {() => void} work */
  constructor(work) {
    this.#work = work;
  }

  /** Ask for the work. */
  soon() {
    this.#frame ||= requestAnimationFrame(this.#due);
  }

  #due = () => {
    if (performance.now() > this.#rests_until) return this.now();
    this.#frame = requestAnimationFrame(this.#due);
  };

  /** Do it at once. */
  now() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const begun = performance.now();
    this.#work();
    const end = performance.now();
    this.#rests_until = end + (end - begun) * REST;
  }
}
