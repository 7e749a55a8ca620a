/** What accounts are made and changed with: the form for a new one, the choice of a role, passwords. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";

const PASSWORD_BYTES = 12;

/**
 * Make the form that adds an account.
 * @param {(body: NewAccount) => Promise<boolean>} add gives false when it was refused
 */
export function addForm(add) {
  const name = el("input", { required: true, maxlength: "64", autocomplete: "off" });
  const password = el("input", { required: true, maxlength: "72", autocomplete: "off" });
  const role = roleChoice("user", text.role);
  const send = el("button", { class: "primary" }, text.addUser);
  const form = el(
    "form",
    { class: "row" },
    el("label", { class: "field" }, el("span", {}, text.username), name),
    el("label", { class: "field" }, el("span", {}, text.password), password),
    role,
    send,
  );
  password.value = generated();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    /** @type {NewAccount} */
    const body = { username: name.value, password: password.value, role: roleOf(role) };
    if (await add(body)) {
      name.value = "";
      password.value = generated();
    }
    send.disabled = false;
  });
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
  const options = /** @type {const} */ (["user", "admin"]).map((one) =>
    el("option", { value: one, selected: one === chosen }, text.roles[one]),
  );
  return el("select", { "aria-label": label }, ...options);
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
