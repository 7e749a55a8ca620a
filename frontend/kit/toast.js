/** A passing notice with what can still be done about it. */

import { byId, el } from "./dom.js";

const SHOWN_MS = 8000;

/** End the notice that is shown, as if its time were over. */
export let endToast = () => {};

/**
 * Show a notice for some seconds, and while it is pointed at or focused; it ends the one before.
 * @type {(words: string, does: { action: string, onAct: () => void, onOver: () => void }) => HTMLButtonElement}
 * @returns the button; Escape in it ends the notice
 */
export function toast(words, { action, onAct, onOver }) {
  endToast();
  const button = el("button", {}, action);
  const box = el("div", { class: "toast" }, el("span", {}, words), button);
  const finish = (/** @type {() => void} */ then) => {
    clearInterval(timer);
    endToast = () => {};
    box.remove();
    then();
  };
  const over = () => finish(onOver);
  const timer = setInterval(() => {
    if (!box.matches(":hover, :has(:focus-visible)")) over();
  }, SHOWN_MS);
  endToast = over;
  button.addEventListener("click", () => finish(onAct));
  button.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") over();
  });
  byId("toast", HTMLElement).append(box);
  return button;
}
