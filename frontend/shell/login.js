/** The log-in form. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/errors.js";

const TICK_MS = 1000;

/** Asks for name and password. */
export class Login {
  #section = byId("login", HTMLElement);
  #username = byId("username", HTMLInputElement);
  #password = byId("password", HTMLInputElement);
  #reveal = byId("reveal", HTMLButtonElement);
  #caps = byId("caps", HTMLElement);
  #note = byId("login-note", HTMLElement);
  #button = byId("login-button", HTMLButtonElement);
  #enter;
  #timer = 0;

  /** @param {(username: string, password: string) => Promise<void>} enter */
  constructor(enter) {
    this.#enter = enter;
    byId("login-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try();
    });
    this.#reveal.addEventListener("click", () => this.#show(this.#password.type === "password"));
    for (const name of /** @type {const} */ (["keydown", "keyup"])) {
      this.#password.addEventListener(name, (event) => {
        this.#caps.hidden = !event.getModifierState?.("CapsLock"); // a filled-in form sends none
      });
    }
    // Who waits is one name at one address; another name may be tried.
    this.#username.addEventListener("input", () => this.#offer());
    if (document.documentElement.dataset.submitted) this.#try();
  }

  get shown() {
    return !this.#section.hidden;
  }

  /** @type {(note: string) => void} show the form and why it is shown */
  show(note) {
    const again = this.shown;
    delete document.documentElement.dataset.start;
    this.#section.hidden = false;
    this.#note.textContent = note;
    if (!again) (this.#username.value ? this.#password : this.#username).focus();
  }

  hide() {
    delete document.documentElement.dataset.start;
    this.#section.hidden = true;
    this.#note.textContent = "";
    this.#password.value = "";
    this.#caps.hidden = true;
    this.#show(false);
  }

  /** @param {boolean} plain whether the password can be read */
  #show(plain) {
    this.#password.type = plain ? "text" : "password";
    this.#reveal.setAttribute("aria-pressed", String(plain));
  }

  async #try() {
    this.#button.disabled = true;
    this.#button.textContent = text.loggingIn;
    let wait_s = 0;
    try {
      await this.#enter(this.#username.value, this.#password.value);
    } catch (error) {
      const known = error instanceof ApiError ? error : null;
      this.show(known?.status === 401 ? text.wrongLogin : wordsOf(error));
      wait_s = known?.status === 429 ? known.retry_s : 0;
      this.#password.select();
    }
    this.#offer(Date.now() + wait_s * TICK_MS);
  }

  /** @param {number} [from_ms] when the form may be sent again, counted down until then */
  #offer(from_ms = 0) {
    clearTimeout(this.#timer);
    const left_s = Math.ceil((from_ms - Date.now()) / TICK_MS);
    this.#button.disabled = left_s > 0;
    this.#button.textContent = left_s > 0 ? `${text.login} · ${text.timeLeft(left_s)}` : text.login;
    if (left_s > 0) this.#timer = window.setTimeout(() => this.#offer(from_ms), TICK_MS);
  }
}
