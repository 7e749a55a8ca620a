/** Says who is logged in, and opens the settings, which have addresses: #/settings/TAB. */

import { byId, el, styled } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

const ADDRESS = "#/settings/";

/** The button with the user's name. */
export class Who {
  #parts;
  #button = byId("who", HTMLButtonElement);
  /** @type {User | null} */
  #user = null;
  /** @type {OpenedSettings | null} */
  #settings = null;
  #open = false;
  /** Where one was when the settings were opened; "" if that was with the page. */
  #beneath = "";

  /** @param {WhoParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#button.title = text.settings;
    this.#button.addEventListener("click", () => {
      location.hash = ADDRESS;
    });
    byId("open-tools", HTMLButtonElement).addEventListener("click", () => {
      this.openSettings("tools");
    });
    addEventListener("hashchange", ({ oldURL }) => {
      if (!this.#open) this.#beneath = new URL(oldURL).hash || "#/";
    });
  }

  /** Whether the settings lie above the page, and the address is theirs. */
  get isOpen() {
    return this.#open;
  }

  get isAdmin() {
    return this.#user?.role === "admin";
  }

  /** @param {User} user */
  show(user) {
    this.#user = user;
    this.#button.replaceChildren(icon("person"), el("span", {}, user.username));
  }

  /** Open or close the settings as the address says; true when all else can stay as it is. */
  follow() {
    const { hash } = location;
    const were = this.#open;
    this.#open = hash.startsWith(ADDRESS);
    if (this.#open) this.#show(hash.slice(ADDRESS.length));
    else this.close();
    return this.#open ? this.#beneath !== "" : were && this.#beneath === (hash || "#/");
  }

  /** @param {string} tab */
  openSettings(tab) {
    location.hash = ADDRESS + tab;
  }

  close() {
    this.#settings?.close();
  }

  /** @param {string} tab */
  async #show(tab) {
    const loading = import("../settings/settings.js").catch(() => null);
    const [loaded] = await Promise.all([loading, styled("settings")]);
    if (!this.#open || !this.#user) return;
    if (!loaded) return this.#leave();
    this.#settings ??= loaded.openSettings(
      { ...this.#parts, user: this.#user },
      (id) => history.replaceState({ beneath: this.#beneath, ...history.state }, "", ADDRESS + id),
      () => {
        this.#settings = null;
        if (!this.#open) return;
        if (this.#beneath) history.back();
        else location.replace(history.state.beneath || "#/");
      },
    );
    this.#settings.choose(tab);
  }

  /** Go back from what could not be loaded, so that it can be tried again. */
  #leave() {
    const fault = new Error(text.unreachable);
    addEventListener("hashchange", () => this.#parts.onError(fault), { once: true });
    location.replace(this.#beneath || "#/");
  }
}
