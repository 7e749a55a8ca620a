/**
 * The settings: a dialog with a tab for each subject, loaded when it is first opened.
 * A tab is a file beside this one that exports `tab`; adding one is adding a line to `TABS`.
 */

import { el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import * as account from "./account.js";
import { makeTabs, refusal } from "./controls.js";
import * as credentials from "./credentials.js";
import * as keys from "./keys.js";
import * as server from "./server.js";
import * as tools from "./tools.js";
import * as usage from "./usage.js";
import * as users from "./users.js";

/** Tabs that few look at are loaded when they are chosen. @type {readonly Tab[]} */
const RARE = [
  {
    id: "performance",
    title: text.performance,
    admin: true,
    open: async (host, parts) => (await import("./performance.js")).open(host, parts),
  },
  {
    id: "logs",
    title: text.logs,
    admin: true,
    open: async (host, parts) => (await import("./logs.js")).open(host, parts),
  },
];

/** @type {readonly Tab[]} */
const TABS = [
  account.tab,
  keys.tab,
  usage.tab,
  tools.tab,
  users.tab,
  credentials.tab,
  server.tab,
  ...RARE,
];

/** @type {OpenSettings} */
export function openSettings(parts, onChosen, onClosed) {
  const tabs = TABS.filter((tab) => !tab.admin || parts.user.role === "admin");
  const titles = Object.fromEntries(tabs.map(({ id, title }) => [id, title]));
  const panel = el("div", { class: "settings-panel" });
  const [row, choose] = makeTabs(text.settings, titles, panel, async (id) => {
    onChosen(id);
    const host = el("div", { class: "settings-tab" });
    panel.replaceChildren(host);
    panel.scrollTop = 0;
    await tabs
      .find((one) => one.id === id)
      ?.open(host, parts)
      .catch((error) => host.append(refusal(error)));
  });
  const title = el("h2", { id: "settings-title", class: "title" }, text.settings);
  const close = iconButton("close", text.closeSettings, () => dialog.close());
  const head = el("header", { class: "top" }, title, close);
  const named = { class: "settings", "aria-labelledby": title.id, closedby: "any" };
  const dialog = el("dialog", named, head, row, panel);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClosed();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { choose, close: () => dialog.close() };
}
