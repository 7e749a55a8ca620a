/** Keeps the newest text in view, but only for a reader who is at the end already. */

const NEAR_PX = 60;

/** Follows the end of a growing, scrolling element. */
export class ScrollFollower {
  #scroller;
  #button;
  #following = true;
  #active = false;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLButtonElement} button leads back to the end; shown while it is out of sight
   */
  constructor(scroller, button) {
    this.#scroller = scroller;
    this.#button = button;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.grow()).observe(scroller);
  }

  /** Take note that there is more: go to the end if the reader was there. */
  grow() {
    if (this.#active && this.#following) this.toEnd();
    else this.#look();
  }

  /** Go to the beginning and follow nothing, until `toEnd`. */
  toStart() {
    this.#active = false;
    this.#scroller.scrollTop = 0;
    this.#look();
  }

  /** Go to the end and stay there. */
  toEnd() {
    this.#active = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#look();
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#following = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this.#button.hidden = this.#following || !this.#active;
  }
}
