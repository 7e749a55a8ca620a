/** Says who is logged in, and opens the settings. */

import { byId, styled } from "../kit/dom.js";
import { text } from "../strings.js";

/** The button with the user's name. */
export class Who {
  #parts;
  #button = byId("who", HTMLButtonElement);
  /** @type {User | null} */
  #user = null;

  /** @param {Omit<SettingsParts, "user">} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#button.title = text.settings;
    this.#button.addEventListener("click", () => this.openSettings());
  }

  get isAdmin() {
    return this.#user?.role === "admin";
  }

  /** @param {User} user */
  show(user) {
    this.#user = user;
    this.#button.textContent = user.username;
  }

  /**
   * Open the settings, which are loaded with the first time.
   * @param {string} [tab] the one to show
   */
  async openSettings(tab) {
    if (!this.#user) return;
    const loading = import("../settings/settings.js");
    const [{ Settings }] = await Promise.all([loading, styled("settings")]);
    new Settings({ ...this.#parts, user: this.#user }).open(tab);
  }
}
