/** Asks in a dialog: for a text, or whether to do what cannot be undone. */

import { text } from "../strings.js";
import { el } from "./dom.js";

/**
 * Ask for a text; null when the person changed their mind or gave none.
 * @type {(question: { title: string, label: string, value: string, action: string }) => Promise<string | null>}
 */
export async function askText({ title, label, value, action }) {
  const field = el("input", { required: true, maxlength: "200", autofocus: true, value });
  const body = el("label", { class: "field" }, el("span", {}, label), field);
  const agreed = ask(title, body, el("button", { class: "primary", value: "yes" }, action));
  field.select();
  return (await agreed) ? field.value.trim() || null : null;
}

/**
 * Ask whether to do what cannot be undone.
 * @type {(question: { title: string, body: string, action: string }) => Promise<boolean>}
 */
export function confirmDanger({ title, body, action }) {
  const button = el("button", { class: "danger", value: "yes" }, action);
  return ask(title, el("p", {}, body), button);
}

/** @type {(title: string, body: HTMLElement, action: HTMLButtonElement) => Promise<boolean>} */
function ask(title, body, action) {
  const back = el("button", { type: "button" }, text.cancel);
  const heading = el("h2", { id: "dialog-title" }, title);
  const buttons = el("div", { class: "dialog-buttons" }, back, action);
  const form = el("form", { method: "dialog" }, heading, body, buttons);
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, form);
  back.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}
