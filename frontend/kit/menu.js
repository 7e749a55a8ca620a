/** A button that opens a menu. Source: https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/ */

import { el, iconButton } from "./dom.js";
import { icon } from "./icons.js";

/** @type {(label: string, items: () => MenuItem[]) => HTMLButtonElement} `items` is asked at each opening */
export function menuButton(label, items) {
  const button = iconButton("more", label, () => {
    if (!button.popoverTargetElement) open(button, items()); // else the browser closes it
  });
  button.setAttribute("aria-haspopup", "menu");
  return button;
}

/** @type {(button: HTMLButtonElement, items: MenuItem[]) => void} */
function open(button, items) {
  const menu = el("div", { class: "menu", role: "menu", popover: "", "aria-label": button.title });
  const close = () => menu.hidePopover();
  const closed = () => {
    if (!menu.isConnected) return;
    button.popoverTargetElement = null;
    button.setAttribute("aria-expanded", "false");
    menu.remove();
    document.removeEventListener("wheel", close);
  };
  for (const { label, icon: name, act, danger } of items) {
    const item = el("button", { role: "menuitem", tabindex: "-1" }, icon(name), label);
    if (danger) item.className = "dangerous";
    item.addEventListener("click", () => {
      close();
      act();
    });
    menu.append(item);
  }
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Escape is for the menu alone
    if (event.key === "Escape") event.preventDefault();
    if (event.key !== "Escape" && event.key !== "Tab") return step(event, menu);
    close();
    closed(); // the event comes later, and the next key may open another
  });
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open")
      button.popoverTargetElement = menu; // not sooner: this click would close it
    else closed();
  });
  document.addEventListener("wheel", close);
  button.after(menu);
  menu.showPopover();
  button.setAttribute("aria-expanded", "true");
  const { top, bottom, right } = button.getBoundingClientRect();
  const below = bottom + menu.offsetHeight < innerHeight;
  menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
  menu.style.top = `${below ? bottom : top - menu.offsetHeight}px`;
  menu.querySelector("button")?.focus();
}

/** @type {(event: KeyboardEvent, menu: HTMLElement) => void} */
function step(event, menu) {
  const items = [...menu.querySelectorAll("button")];
  const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}
