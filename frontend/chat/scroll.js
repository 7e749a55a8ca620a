/** Keeps the newest text in view, but only for a reader who is at the end and has not turned away. */

const NEAR_PX = 60;
const AT_END_PX = 2;
const UPWARDS = ["ArrowUp", "PageUp", "Home"];

/** Follows the end of a growing, scrolling element. */
export class ScrollFollower {
  #scroller;
  #content;
  #button;
  #following = true;
  #active = false;
  #last_px = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} content what grows in it
   * @param {HTMLButtonElement} button leads back to the end; shown while it is out of sight
   */
  constructor(scroller, content, button) {
    this.#scroller = scroller;
    this.#content = content;
    this.#button = button;
    button.addEventListener("click", () => this.toEnd());
    const sizes = new ResizeObserver(() => this.#grow());
    for (const one of [scroller, content]) sizes.observe(one);
    // These come before the scrolling, which the next piece of text would undo.
    for (const kind of ["wheel", "touchmove", "keydown", "click"]) {
      const turn = (/** @type {Event} */ event) => {
        if (turnsAway(event, scroller.scrollTop)) this.#following = false;
      };
      scroller.addEventListener(kind, turn, { passive: true });
    }
    scroller.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of ["scroll", "touchend"]) {
      scroller.addEventListener(kind, () => this.#scrolled(), { passive: true });
    }
  }

  /**
   * Go to the beginning in one step: a browser's gliding ends where messages above grow meanwhile.
   * @param {KeyboardEvent} event
   */
  #key(event) {
    if (event.key !== "Home" || event.target !== this.#scroller) return;
    event.preventDefault();
    this.#following = false;
    this.#scroller.scrollTop = 0;
  }

  /** Go to the end if the reader was there. */
  #grow() {
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
    this.#following = true;
    this.#content.style.minHeight = "";
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#look();
  }

  /** Give a way back to this place, which follows nothing. */
  mark() {
    const { scrollTop } = this.#scroller;
    return () => {
      this.#following = false;
      this.#scroller.scrollTop = scrollTop;
      this.#look();
    };
  }

  /**
   * Change what is shown and leave it where it is on the screen, with room below if need be.
   * @param {() => void} change
   */
  hold(change) {
    const back = this.mark();
    const most_px = this.#scroller.scrollTop + this.#scroller.clientHeight;
    this.#following = false;
    change();
    this.#content.style.minHeight = `${most_px}px`;
    back();
  }

  get #left_px() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #scrolled() {
    const up = this.#scroller.scrollTop < this.#last_px;
    if (up && this.#left_px > AT_END_PX) this.#following = false;
    else if (!up && this.#left_px < NEAR_PX) this.#following = true;
    this.#look();
  }

  #look() {
    this.#last_px = this.#scroller.scrollTop;
    this.#button.hidden = !this.#active || this.#left_px < NEAR_PX;
  }
}

/** @type {(event: Event, top_px: number) => boolean} whether a reader wants to see what is here, or above */
function turnsAway(event, top_px) {
  if (event.type === "click")
    return /** @type {Element} */ (event.target).closest("summary") !== null;
  const up =
    event instanceof WheelEvent
      ? event.deltaY < 0
      : !(event instanceof KeyboardEvent) || UPWARDS.includes(event.key);
  return up && top_px > 0;
}
