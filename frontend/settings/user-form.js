/** What accounts are made and changed with: the form for a new one, the choice of a role, passwords. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { choice, field, makeForm } from "./controls.js";

const PASSWORD_BYTES = 12;

/** @type {(add: (body: NewAccount) => Promise<void>) => HTMLElement} make the form that adds an account */
export function addForm(add) {
  const input = (/** @type {string} */ name, /** @type {string} */ maxlength) =>
    el("input", { name, maxlength, required: true, autocomplete: "off" });
  const name = input("username", "64");
  const password = input("password", "72");
  const role = roleChoice("user", text.role);
  const work = async () => {
    await add({ username: name.value, password: password.value, role: roleOf(role) });
    name.value = "";
    password.value = generated();
    return "";
  };
  const fields = [field(text.username, name), field(text.password, password), role];
  const form = makeForm(text.addUser, work, ...fields);
  form.className = "row";
  password.value = generated();
  return form;
}

/** @type {(label: string, about: string, onClick: () => void) => HTMLElement} */
export function button(label, about, onClick) {
  const made = el("button", { type: "button", "aria-label": `${label}: ${about}` }, label);
  made.addEventListener("click", onClick);
  return made;
}

/** @type {(chosen: User["role"], label: string) => HTMLSelectElement} */
export function roleChoice(chosen, label) {
  const select = choice(text.roles, chosen);
  select.ariaLabel = label;
  return select;
}

/** @param {HTMLSelectElement} select */
export const roleOf = (select) => (select.value === "admin" ? "admin" : "user");

/** Make a password of 96 random bits. */
export function generated() {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
