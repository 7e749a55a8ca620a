/** The tools of this server: which are on, why others are off, and what the rules say of the caller. */

import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";
import { listTools } from "../wire/server.js";

/** @type {Tab} */
export const tab = {
  id: "tools",
  title: text.tools,
  open: async (host, { api }) => {
    const tools = await listTools(api);
    const [on, off] = [true, false].map((is) => tools.filter((one) => one.available === is));
    host.append(list(on ?? []));
    if (off?.length) host.append(el("h3", {}, text.toolsOff), list(off));
  },
};

/** @param {ListedTool[]} tools */
function list(tools) {
  return el("ul", { class: "rows" }, ...tools.map(item));
}

/** @param {ListedTool} tool */
function item({ name, description, available, unavailable, approval }) {
  const why = available ? text.approvals[approval] : unavailable;
  return el(
    "li",
    { "data-state": available ? "ok" : "off" },
    icon(available ? "check" : "close"),
    el(
      "div",
      {},
      el("code", {}, name),
      el("p", { class: "why" }, why),
      el("p", { class: "muted" }, description.replace(/(?<=\.) .*/s, "")), // the rest is for models
    ),
  );
}
