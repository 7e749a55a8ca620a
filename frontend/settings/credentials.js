/** The keys of model servers and tools, for administrators: they can be set and never be read. */

import { confirmDanger } from "../kit/dialogs.js";
import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { pathOf } from "../wire/server.js";
import { dayOf, field, makeForm } from "./controls.js";
import { words } from "./credential-words.js";

const PLACE = "/api/admin/credentials";

/** @type {Tab} */
export const tab = {
  id: "credentials",
  title: text.credentials,
  admin: true,
  open: async (host, { api, announce }) => {
    const list = el("ul", { class: "keys" });
    const draw = (/** @type {SecretStanding[]} */ known) =>
      list.replaceChildren(...known.map(item));
    const item = (/** @type {SecretStanding} */ one) => {
      const change = async (/** @type {object} */ options, /** @type {string} */ words) => {
        await api.json(pathOf("admin/credentials", one.name), options);
        draw(await api.json(PLACE));
        announce(words);
      };
      return credentialItem(
        one,
        (value) => change({ method: "PUT", body: { value } }, text.changed(one.name)),
        () => change({ method: "DELETE" }, text.changed(one.name)),
      );
    };
    draw(await api.json(PLACE));
    host.append(el("p", { class: "muted" }, words.hint), list);
  },
};

/** @type {(one: SecretStanding, onSet: (value: string) => Promise<void>, onGone: () => Promise<void>) => HTMLElement} */
function credentialItem(one, onSet, onGone) {
  const { name, source, hint, updated_at_ms, updated_by } = one;
  const facts = [words.sources[source]];
  if (hint) facts.push(`…${hint}`);
  if (updated_at_ms) facts.push(`${dayOf(updated_at_ms / 1000)}, ${updated_by ?? ""}`);
  const about = el(
    "div",
    {},
    el("strong", {}, name),
    el("p", { class: "muted" }, facts.join(" · ")),
  );
  if (source === "environment") return el("li", {}, about);
  about.append(setForm(name, onSet));
  return el("li", {}, about, ...(source === "none" ? [] : [removeForm(name, onGone)]));
}

/** @type {(name: string, onSet: (value: string) => Promise<void>) => HTMLElement} */
function setForm(name, onSet) {
  const options = { name: "value", type: "password", required: true, autocomplete: "off" };
  const value = el("input", { ...options, maxlength: "4096" });
  const form = makeForm(
    text.setPassword,
    async (data) => {
      await onSet(String(data.get("value")));
      return "";
    },
    field(words.newValue, value),
  );
  form.querySelector("button")?.setAttribute("aria-label", `${text.setPassword}: ${name}`);
  return form;
}

/** @type {(name: string, onGone: () => Promise<void>) => HTMLElement} */
function removeForm(name, onGone) {
  const form = makeForm(text.remove, async () => {
    const asked = { title: `${text.remove}: ${name}?`, body: "", action: text.remove };
    if (await confirmDanger(asked)) await onGone();
    return "";
  });
  form.querySelector("button")?.setAttribute("aria-label", `${text.remove}: ${name}`);
  return form;
}
