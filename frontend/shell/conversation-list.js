/** Draws conversations by date; rows that are there stay, with what is typed in them. */

import { byId, el } from "../kit/dom.js";
import { language, text } from "../strings.js";
import { Row } from "./conversation-row.js";

/** The groups. */
export class ConversationList {
  #host = byId("conversations", HTMLElement);
  #does;
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Map<string, HTMLElement>} */
  #lists = new Map();

  /** @param {RowActions} does */
  constructor(does) {
    this.#does = does;
  }

  /** @type {(shown: readonly Conversation[], active: string, query: string) => void} */
  draw(shown, active, query) {
    /** @type {Map<string, Row>} */
    const rows = new Map();
    const groups = Array.from(byDate(shown, new Date()), ([title, members]) => {
      const list = this.#lists.get(title) ?? el("ul");
      this.#lists.set(title, list);
      const items = members.map((one) => {
        const row = this.#rows.get(one.id) ?? new Row(one, this.#does);
        row.draw(one, one.id === active, query);
        rows.set(one.id, row);
        return row.element;
      });
      setChildren(list, items);
      return list.parentElement ?? el("section", {}, el("h2", {}, title), list);
    });
    setChildren(this.#host, groups);
    this.#rows = rows;
  }
}

/** @type {(parent: HTMLElement, children: Element[]) => void} moves only what is in another place */
function setChildren(parent, children) {
  const kept = new Set(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/**
 * Group conversations by when they were last used, in the reader's time zone and language; what comes
 * from the future is of today. Pure.
 * @param {readonly Conversation[]} conversations
 * @param {Date} now
 */
export function byDate(conversations, now) {
  const year = now.getFullYear();
  const daysAgo = (/** @type {number} */ days) =>
    new Date(year, now.getMonth(), now.getDate() - days).getTime() / 1000;
  /** @type {[number, string][]} */
  const since = [
    [daysAgo(0), text.today],
    [daysAgo(1), text.yesterday],
    [daysAgo(7), text.lastWeek],
    [daysAgo(30), text.lastMonth],
  ];
  const month = new Intl.DateTimeFormat(language, { month: "long" });
  const monthAndYear = new Intl.DateTimeFormat(language, { month: "long", year: "numeric" });
  /** @type {Map<string, Conversation[]>} */
  const groups = new Map();
  for (const one of conversations) {
    const at = new Date(one.updated_at * 1000);
    const recent = since.find(([from]) => one.updated_at >= from)?.[1];
    const title = recent ?? (at.getFullYear() === year ? month : monthAndYear).format(at);
    const group = groups.get(title);
    if (group) group.push(one);
    else groups.set(title, [one]);
  }
  return groups;
}
