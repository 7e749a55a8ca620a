/** API keys: those there are, making one, and programs that use it. */

import { confirmDanger } from "../kit/dialogs.js";
import { copyButton, el } from "../kit/dom.js";
import { named, text } from "../strings.js";
import { pathOf } from "../wire/server.js";
import { choice, dayOf, field, makeForm, makeTabs } from "./controls.js";

const KEYS = "/api/auth/keys";

/** @type {Tab} */
export const tab = {
  id: "keys",
  title: text.keys,
  open: async (host, { api, user, announce }) => {
    const list = el("ul", { class: "keys" });
    const made = el("div", {}, examples("sk-steward-…"));
    const draw = (/** @type {ApiKey[]} */ keys) => list.replaceChildren(...keys.map(item));
    const item = (/** @type {ApiKey} */ key) =>
      keyItem(key, async () => {
        await api.json(pathOf("auth/keys", key.id), { method: "DELETE" });
        draw(await api.json(KEYS));
        announce(text.keyRevoked(key.name));
      });
    const form = newKeyForm(user, async (body) => {
      const { key } = await api.json(KEYS, { method: "POST", body });
      made.replaceChildren(madeKey(key), examples(key));
      draw(await api.json(KEYS));
      made.querySelector("button")?.focus();
    });
    draw(await api.json(KEYS));
    const hint = el("p", { class: "muted" }, text.keysHint);
    host.append(hint, list, el("h3", {}, text.newKey), form, made);
  },
};

/** @type {(key: ApiKey, onRevoke: () => Promise<void>) => HTMLElement} */
function keyItem({ name, hint, scopes, ...times }, onRevoke) {
  const facts = [scopes.map((one) => named(text.scopes, one)).join(", ") || text.allScopes];
  for (const [when, words] of Object.entries(text.keyFacts)) {
    const at = times[/** @type {keyof typeof text.keyFacts} */ (when)];
    if (at) facts.push(`${words} ${dayOf(at)}`);
  }
  const form = makeForm(text.revoke, async () => {
    const asked = { title: text.revokeTitle, body: text.revokeBody(name), action: text.revoke };
    if (await confirmDanger(asked)) await onRevoke();
    return "";
  });
  form.querySelector("button")?.setAttribute("aria-label", `${text.revoke}: ${name}`);
  const about = el("div", {}, el("strong", {}, name), " ", el("code", {}, hint));
  about.append(el("p", { class: "muted" }, facts.join(" · ")));
  return el("li", {}, about, form);
}

/** @type {(user: User, make: (asked: object) => Promise<void>) => HTMLElement} */
function newKeyForm({ role }, make) {
  const scopes = Object.entries(text.scopes).filter(([one]) => one !== "admin" || one === role);
  const boxes = scopes.map(([value, words]) =>
    el("label", {}, el("input", { type: "checkbox", name: "scopes", value }), ` ${words}`),
  );
  const lasting = choice(text.keyLasts, "");
  lasting.name = "expires_in_days";
  return makeForm(
    text.makeKey,
    async (data, form) => {
      const [name, expires_in_days] = [data.get("name"), Number(data.get(lasting.name)) || null];
      await make({ name, scopes: data.getAll("scopes"), expires_in_days });
      form.reset();
      return "";
    },
    field(text.keyName, el("input", { name: "name", required: true, maxlength: "100" })),
    el("fieldset", {}, el("legend", {}, text.keyScopes), ...boxes),
    field(text.keyLasting, lasting),
  );
}

/** @param {string} key */
const madeKey = (key) =>
  el(
    "p",
    { class: "made-key", role: "alert" },
    el("strong", {}, text.keyWarning),
    el("code", {}, key),
    copyButton(() => key),
  );

/** @param {string} key */
function examples(key) {
  const pre = el("pre");
  const { value } = /** @type {HTMLSelectElement} */ (document.getElementById("model"));
  const [row, choose] = makeTabs(
    text.examples,
    Object.fromEntries(Object.keys(EXAMPLES).map((one) => [one, one])),
    pre,
    (language) => {
      pre.textContent =
        EXAMPLES[language]?.(`${location.origin}/v1`, key, value || "builtin") ?? "";
    },
  );
  choose("");
  const copy = copyButton(() => pre.textContent ?? "");
  return el("figure", { class: "code" }, el("figcaption", {}, row, copy), pre);
}

/** @type {Record<string, (url: string, key: string, model: string) => string>} */
const EXAMPLES = {
  Python: (url, key, model) => `# pip install openai
from openai import OpenAI

client = OpenAI(base_url="${url}", api_key="${key}")
answer = client.chat.completions.create(
    model=${quoted(model)},
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`,
  JavaScript: (url, key, model) => `// npm install openai
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${url}", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: ${quoted(model)},
  messages: [{ role: "user", content: "Hello!" }],
});
console.log(answer.choices[0].message.content);`,
  curl: (url, key, model) => `curl ${url}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": ${quoted(model)}, "messages": [{"role": "user", "content": "Hello!"}]}'`,
};

/** All three read it alike, and it ends no text of a shell. @param {string} name */
const quoted = (name) => JSON.stringify(name).replaceAll("'", "\\u0027");
