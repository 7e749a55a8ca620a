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

const LEAVING = "leaving"; // logged out here, but the server, which ends the log-in, does not know

/** The log-in of this tab. */
export class Session {
  #api;
  #does;
  #login;
  #again;
  #emptied = false;

  /**
   * @param {Api} api
   * @param {SessionDoes} does
   */
  constructor(api, does) {
    this.#api = api;
    this.#does = does;
    const knock = () => (this.#isLeaving ? this.#finish() : getHealth(api)).then(() => true);
    this.#again = new Again(knock, { onDone: () => this.#back() });
    this.#login = new Login(async (username, password) => {
      if (this.#isLeaving) await this.#finish().catch(() => undefined); // the log-in takes its place
      await api.login(username, password);
      await this.#enter();
      writePref("session", "yes");
    });
    byId("logout", HTMLButtonElement).addEventListener("click", () => this.logOut());
    addEventListener("storage", ({ key, newValue }) => {
      if (key !== "steward.session") return;
      const isIn = newValue === "yes";
      if (!isIn && !this.#login.shown) this.leave(text.loggedOutElsewhere);
      if (isIn && this.#login.shown) this.start();
    });
  }

  /** Go on with the log-in that this browser has, or ask for one. */
  async start() {
    try {
      if (this.#isLeaving) await this.#finish();
      if (readPref("session") && (await this.#api.renew())) await this.#enter();
      else this.leave("");
    } catch (error) {
      this.#login.show(this.#isLeaving ? text.leaving : this.isLost ? text.lost : wordsOf(error));
    }
  }

  /** End the log-in of this browser; while the server cannot be told, show nothing and go on trying. */
  async logOut() {
    await this.#does.onLeave();
    writePref("session", LEAVING);
    try {
      await this.#finish();
      location.replace(location.pathname);
    } catch {
      this.#emptied = true;
      this.leave(text.leaving);
      byId("page", HTMLElement).replaceChildren();
      this.#again.start();
    }
  }

  get #isLeaving() {
    return readPref("session") === LEAVING;
  }

  /** Tell the server that the log-in of this browser has ended. */
  async #finish() {
    await this.#api.logout();
    writePref("session", "");
  }

  /** @type {(note: string) => void} ask for a log-in and say why */
  leave(note) {
    if (!this.#isLeaving) writePref("session", "");
    this.#api.forget();
    byId("page", HTMLElement).hidden = true;
    document.title = text.name;
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
    if (this.#login.shown && !this.#isLeaving) this.#login.show(text.lost);
  }

  #back() {
    if (this.#emptied) return location.replace(location.pathname);
    this.#does.tell(text.connected);
    if (!this.#login.shown) this.#does.onBack();
    else if (readPref("session")) this.start();
    else this.#login.show(text.connected);
  }

  async #enter() {
    if (this.#emptied) return location.reload();
    await this.#does.enter();
    this.#login.hide();
  }
}
