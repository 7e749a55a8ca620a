/** The account of one who is logged in: who it is. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";

/** @type {import("./settings.js").Tab} */
export const tab = {
  id: "account",
  title: text.account,
  open: async (host, { user }) => {
    host.append(el("h3", {}, user.username), el("p", { class: "muted" }, text.roles[user.role]));
  },
};
