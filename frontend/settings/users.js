/** The accounts of this server, for administrators. */

import { askText, confirmDanger } from "../kit/dialogs.js";
import { copyButton, el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";
import { addUser, changeUser, deleteUser, listUsers } from "../wire/server.js";
import { words } from "./budget-words.js";
import { budgetsOf } from "./budgets.js";
import { dayOf } from "./controls.js";
import { addForm, button, generated, roleChoice, roleOf } from "./user-form.js";

const MANY = 8;

/** @type {Tab} */
export const tab = {
  id: "users",
  title: text.users,
  admin: true,
  open: async (host, parts) => {
    const users = new Users(parts);
    await users.load();
    host.append(...users.elements);
  },
};

/** The list, with what can be done about each. */
class Users {
  #parts;
  #note = el("p", { class: "note", role: "alert" });
  #search = el("input", { type: "search", class: "search", "aria-label": text.findUser });
  #list = el("ul", { class: "rows" });
  /** @type {Account[]} */
  #users = [];

  /** @param {SettingsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#search.placeholder = text.findUser;
    this.#search.addEventListener("input", () => this.#draw());
  }

  get elements() {
    return [
      addForm(async (body) => {
        await addUser(this.#parts.api, body);
        await this.#done(body.username, body.password);
      }),
      this.#note,
      this.#search,
      this.#list,
    ];
  }

  async load() {
    this.#users = await listUsers(this.#parts.api);
    this.#draw();
  }

  #draw() {
    const wanted = this.#search.value.trim().toLowerCase();
    const shown = this.#users.filter((one) => one.username.toLowerCase().includes(wanted));
    this.#search.hidden = this.#users.length <= MANY;
    this.#list.replaceChildren(...shown.map((one) => this.#item(one)));
  }

  /** @param {Account} user */
  #item(user) {
    const { id, username: name, role, disabled, created_at } = user;
    const facts = [text.roles[role], ...(disabled ? [text.disabled] : [])];
    facts.push(text.sinceDay(dayOf(created_at)));
    const own = id === this.#parts.user.id;
    const body = el(
      "div",
      {},
      el("strong", {}, name),
      el("p", { class: "muted" }, facts.join(" · ")),
      own ? el("p", { class: "muted" }, text.yourself) : this.#buttons(user),
    );
    return el("li", { "data-state": disabled ? "off" : "ok" }, body);
  }

  /** @param {Account} user */
  #buttons(user) {
    const { id, username: name, role, disabled } = user;
    const { api } = this.#parts;
    const roles = roleChoice(role, `${text.role}: ${name}`);
    roles.addEventListener("change", () =>
      this.#do(name, () => changeUser(api, id, { role: roleOf(roles) })),
    );
    const able = button(disabled ? text.enable : text.disable, name, () =>
      this.#do(name, () => changeUser(api, id, { disabled: !disabled })),
    );
    const reset = button(text.newPassword, name, async () => {
      const asked = { title: `${text.newPassword}: ${name}`, label: text.password };
      const password = await askText({ ...asked, action: text.setPassword, value: generated() });
      if (password) await this.#do(name, () => changeUser(api, id, { password }), password);
    });
    const erase = iconButton("trash", `${text.remove}: ${name}`, async () => {
      const asked = { title: text.removeUser(name), body: text.removeUserBody };
      const sure = await confirmDanger({ ...asked, action: text.remove });
      if (sure) await this.#do(name, () => deleteUser(api, id));
    });
    const bounds = button(words.budgets, name, async () => {
      const shown = await budgetsOf(api, user).catch((error) => el("p", {}, wordsOf(error)));
      bounds.parentElement?.after(shown);
      bounds.hidden = true;
    });
    return el("div", { class: "row" }, roles, able, reset, bounds, erase);
  }

  /**
   * Do it, say so, and show the list as it is then; the server's refusal is told in its words.
   * @param {string} name whom it is about
   * @param {() => Promise<unknown>} act
   * @param {string} [password] to be shown this once
   */
  async #do(name, act, password = "") {
    try {
      await act();
    } catch (error) {
      this.#note.replaceChildren(wordsOf(error));
      return this.#draw();
    }
    await this.#done(name, password);
  }

  /** @type {(name: string, password?: string) => Promise<void>} */
  async #done(name, password = "") {
    const secret = [text.passwordOf(name), el("code", {}, password), copyButton(() => password)];
    this.#note.replaceChildren(...(password ? secret : [text.changed(name)]));
    await this.load().catch(() => undefined);
  }
}
