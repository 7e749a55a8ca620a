/** Tries something again and again, with ever longer pauses, while somebody looks at the page. */

const GROWTH = 1.6;

/** One thing that is tried until it succeeds. */
export class Again {
  #attempt;
  #first_ms;
  #most_ms;
  #pause_ms = 0;
  #timer = 0;
  #busy = false;
  #onDone;

  /**
   * @param {() => Promise<boolean>} attempt gives true when it need not be tried again
   * @param {{ first_ms?: number, most_ms?: number, onDone?: () => void }} [options]
   */
  constructor(attempt, { first_ms = 1000, most_ms = 15_000, onDone } = {}) {
    this.#attempt = attempt;
    this.#first_ms = first_ms;
    this.#most_ms = most_ms;
    this.#onDone = onDone;
    const now = () => this.running && this.#go();
    document.addEventListener("visibilitychange", now);
    for (const name of ["focus", "online"]) addEventListener(name, now);
  }

  get running() {
    return this.#timer !== 0;
  }

  /** Begin, unless it is under way. */
  start() {
    if (this.running) return;
    this.#pause_ms = this.#first_ms;
    this.#wait();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#go(), this.#pause_ms);
  }

  async #go() {
    if (this.#busy) return;
    if (document.hidden) return this.#wait();
    this.#busy = true;
    const done = await this.#attempt().catch(() => false);
    this.#busy = false;
    this.#pause_ms = Math.min(this.#pause_ms * GROWTH, this.#most_ms);
    if (!this.running) return;
    if (!done) return this.#wait();
    this.stop();
    this.#onDone?.();
  }
}
