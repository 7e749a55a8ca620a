/**
 * Who is logged in on this page: the form, log-out, the same in all tabs of the browser, and what
 * happens while the server is out of reach.
 */

import { Again } from "../kit/again.js";
import { byId } from "../kit/dom.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";
import { getHealth } from "../wire/server.js";
import { Login } from "./login.js";

/** The log-in of this tab. */
export class Session {
  #api;
  #does;
  #login;
  #again;

  /**
   * @param {Api} api
   * @param {SessionDoes} does
   */
  constructor(api, does) {
    this.#api = api;
    this.#does = does;
    const knock = async () => Boolean(await getHealth(api));
    this.#again = new Again(knock, { onDone: () => this.#back() });
    this.#login = new Login(async (username, password) => {
      await api.login(username, password);
      await this.#enter();
      writePref("session", "yes");
    });
    byId("logout", HTMLButtonElement).addEventListener("click", () => this.logOut());
    addEventListener("storage", ({ key, newValue }) => {
      if (key !== "steward.session") return;
      if (!newValue && !this.#login.shown) this.leave(text.loggedOutElsewhere);
      if (newValue && this.#login.shown) this.start();
    });
  }

  /** Go on with the log-in that this browser has, or ask for one. */
  async start() {
    try {
      if (readPref("session") && (await this.#api.renew())) await this.#enter();
      else this.leave("");
    } catch (error) {
      this.#login.show(this.isLost ? text.lost : wordsOf(error));
    }
  }

  /** End the log-in of this browser. */
  async logOut() {
    await this.#does.onLeave();
    await this.#api.logout().catch(this.#does.onError);
    writePref("session", "");
    location.replace(location.pathname);
  }

  /** @type {(note: string) => void} ask for a log-in and say why */
  leave(note) {
    writePref("session", "");
    this.#api.forget();
    byId("page", HTMLElement).hidden = true;
    for (const one of document.querySelectorAll("dialog")) one.close(); // they would lie above
    this.#login.show(note);
  }

  get isLost() {
    return this.#again.running;
  }

  /** Take note that a call did not reach the server: say so, and when it can be reached again. */
  lost() {
    if (this.isLost) return;
    this.#again.start();
    this.#does.tell(text.lost);
    if (this.#login.shown) this.#login.show(text.lost);
  }

  #back() {
    this.#does.tell(text.connected);
    if (!this.#login.shown) this.#does.onBack();
    else if (readPref("session")) this.start();
    else this.#login.show(text.connected);
  }

  async #enter() {
    await this.#does.enter();
    this.#login.hide();
  }
}
