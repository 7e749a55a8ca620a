/**
 * The settings: a dialog with a tab for each subject, loaded when it is first opened.
 * A tab is a file beside this one that exports `open`; adding one is adding a line to `TABS`.
 */

import { el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/events.js";
import * as account from "./account.js";
import * as server from "./server.js";
import * as tools from "./tools.js";
import * as users from "./users.js";

/**
 * @typedef {{
 *   id: string,
 *   title: string,
 *   admin?: boolean,
 *   open: (host: HTMLElement, parts: SettingsParts) => Promise<void>,
 * }} Tab `open` fills an empty element, each time the tab is chosen; `admin` keeps it from others
 */

/** @type {readonly Tab[]} */
const TABS = [account.tab, tools.tab, users.tab, server.tab];

/** The dialog of one who is logged in. */
export class Settings {
  #parts;
  #tabs;
  #panel = el("div", { class: "settings-panel", role: "tabpanel", tabindex: "0" });
  #list = el("div", { class: "settings-tabs", role: "tablist", "aria-label": text.settings });
  #dialog = el("dialog", { class: "settings", "aria-labelledby": "settings-title" });
  #chosen = "";

  /** @param {SettingsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#tabs = TABS.filter((tab) => !tab.admin || parts.user.role === "admin");
    this.#list.append(...this.#tabs.map((tab) => this.#button(tab)));
    this.#list.addEventListener("keydown", (event) => this.#step(event));
    const title = el("h2", { id: "settings-title", class: "title" }, text.settings);
    const close = iconButton("close", text.closeSettings, () => this.#dialog.close());
    const head = el("header", { class: "top" }, title, close);
    this.#dialog.append(head, this.#list, this.#panel);
    this.#dialog.addEventListener("close", () => {
      this.#panel.replaceChildren();
      this.#dialog.remove();
    });
  }

  /** @param {string} [id] the tab to show */
  open(id) {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#choose(id ?? this.#chosen);
  }

  /** @param {Tab} tab */
  #button({ id, title }) {
    const attributes = { type: "button", role: "tab", id: `tab-${id}`, "data-tab": id };
    const button = el("button", attributes, title);
    button.addEventListener("click", () => this.#choose(id));
    return button;
  }

  /** @param {string} id */
  async #choose(id) {
    const tab = this.#tabs.find((one) => one.id === id) ?? this.#tabs[0];
    if (!tab) return;
    this.#chosen = tab.id;
    for (const one of this.#list.querySelectorAll("button")) {
      const chosen = one.dataset.tab === tab.id;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
    }
    this.#panel.setAttribute("aria-labelledby", `tab-${tab.id}`);
    const host = el("div");
    this.#panel.replaceChildren(host);
    try {
      await tab.open(host, this.#parts);
    } catch (error) {
      host.append(el("p", { class: "failed", role: "alert" }, wordsOf(error)));
    }
  }

  /**
   * Go to the next tab by the arrow keys.
   * Source: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
   * @param {KeyboardEvent} event
   */
  #step({ key }) {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
    if (!way) return;
    const at = this.#tabs.findIndex((one) => one.id === this.#chosen);
    const next = this.#tabs.at((at + way) % this.#tabs.length);
    this.#choose(next?.id ?? "");
    document.getElementById(`tab-${next?.id}`)?.focus();
  }
}
