/** One conversation in the list: a link, a sign while it is being answered, and a menu. */

import { el } from "../kit/dom.js";
import { menuButton } from "../kit/menu.js";
import { text } from "../strings.js";
import { addressOf } from "../text/links.js";

/** A row, drawn anew only where it has changed. */
export class Row {
  #does;
  #link = el("a", { dir: "auto" });
  #busy = el("span", { class: "busy", role: "img", "aria-label": text.beingAnswered });
  #menu = menuButton("", () => this.#items());
  #drawn = "";
  /** @type {Conversation} */
  #one;

  /**
   * @param {Conversation} one
   * @param {RowActions} does
   */
  constructor(one, does) {
    this.#one = one;
    this.#does = does;
    this.#link.addEventListener("dblclick", () => this.rename());
    this.element = el("li", { "data-id": one.id }, this.#link, this.#busy, this.#menu);
  }

  /** @type {(one: Conversation, active: boolean, query: string) => void} `query` is marked in the title */
  draw(one, active, query) {
    this.#one = one;
    const drawn = [one.title, one.active_run_id, active, query].join("\n");
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const name = one.title || text.untitled;
    const options = text.options(name);
    this.#link.href = addressOf(one.id);
    this.#link.title = name;
    this.#link.replaceChildren(...marked(name, query));
    this.#link.ariaCurrent = active ? "page" : null;
    this.#busy.hidden = !one.active_run_id;
    this.#menu.title = options;
    this.#menu.ariaLabel = options;
  }

  /** Write another title in its place: Enter or leaving keeps it, Escape does not. */
  rename() {
    const { title } = this.#one;
    const field = el("input", { maxlength: "200", value: title, "aria-label": text.renameLabel });
    let open = true;
    const end = (/** @type {boolean} */ keep) => {
      if (!open) return;
      open = false; // taking it away leaves it again
      field.replaceWith(this.#link);
      const changed = field.value.trim();
      if (keep && changed && changed !== title) this.#does.rename(this.#one, changed);
    };
    field.addEventListener("blur", () => end(true));
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || !/^(Enter|Escape)$/.test(event.key)) return;
      event.stopPropagation(); // the drawer stays
      end(event.key === "Enter");
      this.#link.focus();
    });
    this.#link.replaceWith(field);
    field.select();
  }

  /** @returns {MenuItem[]} */
  #items() {
    const does = this.#does;
    const one = this.#one;
    return [
      { label: text.rename, icon: "edit", act: () => this.rename() },
      { label: text.exportMarkdown, icon: "download", act: () => does.save(one, "markdown") },
      { label: text.exportJson, icon: "download", act: () => does.save(one, "json") },
      { label: text.remove, icon: "trash", act: () => does.remove(one), danger: true },
    ];
  }
}

/** @type {(name: string, query: string) => (Node | string)[]} */
function marked(name, query) {
  const at = query ? name.toLowerCase().indexOf(query.toLowerCase()) : -1;
  if (at < 0) return [name];
  const end = at + query.length;
  return [name.slice(0, at), el("mark", {}, name.slice(at, end)), name.slice(end)];
}
