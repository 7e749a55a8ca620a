/** What the settings are put together from: choices, forms, tabs. */

import { el } from "../kit/dom.js";
import { language } from "../strings.js";
import { wordsOf } from "../wire/errors.js";

/** @type {(label: string, control: HTMLElement) => HTMLElement} */
export const field = (label, control) =>
  el("label", { class: "field" }, el("span", {}, label), control);

/** @type {(at_s: number, zone?: Intl.DateTimeFormatOptions) => string} */
export const dayOf = (at_s, zone) =>
  new Date(at_s * 1000).toLocaleDateString(language, { dateStyle: "medium", ...zone });

/** @type {(error: unknown) => HTMLElement} */
export const refusal = (error) => el("p", { class: "failed", role: "alert" }, wordsOf(error));

/** @type {Choice} */
export function choice(options, value, onChange) {
  const select = el("select");
  for (const [one, words] of Object.entries(options)) {
    select.append(el("option", { value: one, selected: one === value }, words));
  }
  select.addEventListener("change", () => onChange?.(select.value));
  return select;
}

/**
 * Make a form whose fields are named as in the request: what is refused is said at its field.
 * @type {MakeForm}
 */
export function makeForm(action, work, ...content) {
  const note = el("p", { role: "status" });
  let failed = refusal("");
  const form = el("form", {}, ...content, el("button", { class: "primary" }, action), note);
  const refuse = (/** @type {any} */ error) => {
    const control = form.querySelector(`[name="${error.param}"]`);
    failed = refusal(error);
    failed.id = `${error.param}-failed`;
    (control?.closest("label") ?? note).after(failed);
    if (!(control instanceof HTMLInputElement)) return;
    control.setAttribute("aria-describedby", failed.id);
    control.select();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy) return;
    form.ariaBusy = "true";
    failed.remove();
    note.textContent = (await work(new FormData(form), form).catch(refuse)) ?? "";
    form.ariaBusy = null;
  });
  return form;
}

/**
 * Make the tabs of a panel, by the title of each; arrow keys go from one to the next.
 * Source: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 * @type {MakeTabs}
 */
export function makeTabs(label, titles, panel, onChosen) {
  const row = el("div", { class: "tabs", role: "tablist", "aria-label": label });
  const buttons = Object.entries(titles).map(([id, title]) => {
    const button = el("button", { type: "button", role: "tab", id: `tab-${id}` }, title);
    button.addEventListener("click", () => choose(id));
    return button;
  });
  const choose = (/** @type {string} */ id) => {
    const chosen = buttons.find((one) => one.id === `tab-${id}`) ?? buttons[0];
    for (const one of buttons) {
      one.ariaSelected = String(one === chosen);
      one.tabIndex = one === chosen ? 0 : -1;
    }
    if (!chosen) return;
    panel.setAttribute("aria-labelledby", chosen.id);
    chosen.focus();
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
    onChosen(chosen.id.slice(4));
  };
  row.append(...buttons);
  row.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const at = buttons.findIndex((one) => one.tabIndex === 0) + way;
    buttons.at(at % buttons.length)?.click();
  });
  panel.role = "tabpanel";
  panel.tabIndex = 0;
  return [row, choose];
}
