/** The health of the server: each thing it depends on, why it does not work, and what mends it. */

import { copyButton, el, iconButton } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { named, text } from "../strings.js";
import { getHealth, getReady } from "../wire/server.js";

const ORDER = ["failing", "limited", "checking", "ok", "off"];
const SIGNS = /** @type {const} */ ({ ok: "check", checking: "again" });
const MODEL = "model:";

/** @type {Tab} */
export const tab = {
  id: "server",
  title: text.server,
  admin: true,
  open: async (host, parts) => {
    const { api, announce } = parts;
    const [{ version, active_runs }, { checks }] = await Promise.all([
      getHealth(api),
      getReady(api),
    ]);
    const found = Object.entries(checks).sort(
      ([, one], [, other]) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state),
    );
    const again = iconButton("again", text.refresh, async () => {
      again.disabled = true;
      await tab.open(host, parts).catch(() => undefined); // what is shown stays
      again.disabled = false;
      host.querySelector("button")?.focus();
      announce(text.checked);
    });
    const head = el("p", { class: "row" }, text.version(version, active_runs), again);
    const items = found.map(([name, one]) => item(name, one));
    host.replaceChildren(head, el("ul", { class: "rows" }, ...items));
  },
};

/** @type {(name: string, check: Check) => HTMLElement} */
function item(name, { state, detail, fix }) {
  const title = name.startsWith(MODEL)
    ? text.modelServer(name.slice(MODEL.length))
    : named(text.checks, name);
  const sign = state === "ok" || state === "checking" ? SIGNS[state] : "close";
  const words = el("strong", {}, title, " ", el("span", { class: "why" }, text.checkStates[state]));
  const parts = [detail && el("p", { class: "muted" }, detail), fix && mending(fix)];
  return el(
    "li",
    { "data-state": state },
    icon(sign),
    el("div", {}, words, ...parts.filter((one) => one !== "")),
  );
}

/** @param {string} fix commands stand between backticks */
function mending(fix) {
  const parts = fix.split("`").map((part, at) =>
    at % 2
      ? el(
          "span",
          { class: "command" },
          el("code", {}, part),
          copyButton(() => part),
        )
      : part,
  );
  return el("p", {}, ...parts);
}
