/** The budgets of one user, for administrators: those there are, taking one away, setting one. */

import { el, iconButton } from "../kit/dom.js";
import { language } from "../strings.js";
import { pathOf } from "../wire/server.js";
import { nameOf, words } from "./budget-words.js";
import { choice, field, makeForm, refusal } from "./controls.js";

const BUDGETS = "/api/admin/budgets";

/** @type {(api: Api, user: Account) => Promise<HTMLElement>} make what shows and changes them */
export async function budgetsOf(api, user) {
  const list = el("ul", { class: "rows" });
  const whose = new URLSearchParams({ scope: "user", subject: user.id });
  const draw = async () => {
    const found = await api.json(`${BUDGETS}?${whose}`);
    list.replaceChildren(...found.map(item));
  };
  const item = (/** @type {Budget} */ budget) => {
    const name = `${nameOf(budget)}: ${budget.limit.toLocaleString(language)}`;
    const erase = iconButton("trash", `${words.remove}: ${name}`, () =>
      api
        .json(pathOf("admin/budgets", budget.id), { method: "DELETE" })
        .then(draw)
        .catch((/** @type {unknown} */ error) => list.append(refusal(error))),
    );
    return el("li", {}, el("div", { class: "row" }, name, erase));
  };
  const form = newForm(async (body) => {
    await api.json(BUDGETS, {
      method: "PUT",
      body: { scope: "user", subject: user.id, ...body },
    });
    await draw();
  });
  await draw();
  const hint = el("p", { class: "muted" }, words.own);
  return el("section", { "aria-label": `${words.budgets}: ${user.username}` }, hint, list, form);
}

/** @type {(set: (body: object) => Promise<void>) => HTMLElement} */
function newForm(set) {
  const resource = choice(words.resources, "requests", (one) => {
    periods.hidden = one === "concurrent_runs";
  });
  const period = choice(words.periods, "day");
  const periods = field(words.period, period);
  const limit = el("input", { name: "limit", type: "number", min: "0", step: "1", required: true });
  const form = makeForm(
    words.set,
    async () => {
      await set({
        resource: resource.value,
        period: resource.value === "concurrent_runs" ? "now" : period.value,
        limit: Number(limit.value),
      });
      limit.value = "";
      return "";
    },
    field(words.resource, resource),
    periods,
    field(words.limit, limit),
  );
  form.className = "row";
  return form;
}
