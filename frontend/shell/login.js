/** The log-in form. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";
import { ApiError, wordsOf } from "../wire/events.js";

/** Asks for name and password. */
export class Login {
  #section = byId("login", HTMLElement);
  #username = byId("username", HTMLInputElement);
  #password = byId("password", HTMLInputElement);
  #note = byId("login-note", HTMLElement);
  #button = byId("login-button", HTMLButtonElement);
  #enter;

  /** @param {(username: string, password: string) => Promise<void>} enter */
  constructor(enter) {
    this.#enter = enter;
    byId("login-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try();
    });
    if (document.documentElement.dataset.submitted) this.#try();
  }

  /**
   * Show the form.
   * @param {string} [note] why it is shown
   */
  show(note = "") {
    delete document.documentElement.dataset.start;
    this.#section.hidden = false;
    this.#note.textContent = note;
    (this.#username.value ? this.#password : this.#username).focus();
  }

  hide() {
    delete document.documentElement.dataset.start;
    this.#section.hidden = true;
    this.#note.textContent = "";
    this.#password.value = "";
  }

  async #try() {
    this.#button.disabled = true;
    this.#button.textContent = text.loggingIn;
    try {
      await this.#enter(this.#username.value, this.#password.value);
    } catch (error) {
      const wrong = error instanceof ApiError && error.status === 401;
      this.show(wrong ? text.wrongLogin : wordsOf(error));
      this.#password.select();
    }
    this.#button.disabled = false;
    this.#button.textContent = text.login;
  }
}
