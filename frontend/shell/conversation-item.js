/** One conversation in the list: a link, and buttons to rename and delete it. */

import { iconButton } from "../kit/buttons.js";
import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { askText, confirmDanger } from "./dialog.js";
import { addressOf } from "./place.js";

/** @import { Conversation } from "../wire/shapes.js" */

/**
 * @typedef {{ rename: (id: string, title: string) => Promise<void>,
 *   remove: (id: string) => Promise<void> }} ItemActions
 */

/**
 * Make the list item of a conversation.
 * @param {Conversation} conversation
 * @param {boolean} active whether it is the one that is open
 * @param {ItemActions} actions
 */
export function conversationItem({ id, title }, active, { rename, remove }) {
  const name = title || text.untitled;
  const link = el("a", { href: addressOf(id), title: name }, name);
  if (active) link.setAttribute("aria-current", "page");
  const edit = iconButton("edit", `${text.rename}: ${name}`, async () => {
    const asked = { title: text.renameTitle, label: text.renameLabel, action: text.save };
    const changed = await askText({ ...asked, value: title });
    if (changed && changed !== title) await rename(id, changed);
  });
  const erase = iconButton("trash", `${text.remove}: ${name}`, async () => {
    const asked = { title: text.removeTitle, body: text.removeBody(name), action: text.remove };
    if (await confirmDanger(asked)) await remove(id);
  });
  return el("li", { "data-id": id }, link, edit, erase);
}
