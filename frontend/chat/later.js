/** Puts off work for elements: it is done when they come near the screen, else while the page has nothing to do. */

const NEAR = "150% 0px";
const SLICE_MS = 12;

const holds = CSS.supports("overflow-anchor: auto");
const idle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 1));

/** Work for elements of a scroller. */
export class Later {
  /** @type {Map<HTMLElement, () => void>} */
  #work = new Map();
  #scroller;
  #onDone;
  #near;
  #asked = false;

  /**
   * @param {Element} scroller
   * @param {(element: HTMLElement) => unknown} onDone
   */
  constructor(scroller, onDone) {
    this.#scroller = scroller;
    this.#onDone = onDone;
    const look = (/** @type {IntersectionObserverEntry[]} */ entries) => {
      const near = entries.filter((one) => one.isIntersecting);
      for (const { target } of near) this.#hold(/** @type {HTMLElement} */ (target));
    };
    this.#near = new IntersectionObserver(look, { root: scroller, rootMargin: NEAR });
  }

  /** @type {(element: HTMLElement, work: () => void) => void} */
  add(element, work) {
    this.#work.set(element, work);
    this.#near.observe(element);
    this.#ask();
  }

  /** @type {(element: HTMLElement) => void} do the work of an element, if any is left */
  now(element) {
    const work = this.#work.get(element);
    if (!work) return;
    this.#work.delete(element);
    this.#near.unobserve(element);
    work();
    this.#onDone(element);
  }

  /** Forget what is left. */
  clear() {
    this.#work.clear();
    this.#near.disconnect();
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    idle(this.#slice);
  }

  /** The newest first. */
  #slice = () => {
    this.#asked = false;
    const end_ms = performance.now() + SLICE_MS;
    for (const element of [...this.#work.keys()].reverse()) {
      if (performance.now() > end_ms) return this.#ask();
      this.#hold(element);
    }
  };

  /** @type {(element: HTMLElement) => void} what is seen stays where it is, in any browser */
  #hold(element) {
    const scroller = this.#scroller;
    const above = !holds && element.getBoundingClientRect().top < 0;
    const before_px = above ? scroller.scrollHeight : 0;
    this.now(element);
    if (above) scroller.scrollTop += scroller.scrollHeight - before_px;
  }
}
