/** Lets people choose how wide a panel is, by dragging its edge or by keyboard. */

import { el } from "../kit/dom.js";
import { readPref, writePref } from "../kit/prefs.js";
import { text } from "../strings.js";

/** @param {HTMLElement} panel at the end of the window */
export function resizable(panel) {
  const attributes = { class: "handle", role: "separator", tabindex: "0" };
  const handle = el("div", { ...attributes, "aria-label": text.panelWidth });
  handle.ariaOrientation = "vertical";
  /** @param {number} wanted in hundredths of the window; the style sheet has the bounds */
  const set = (wanted) => {
    const share = Math.round(Math.min(Math.max(wanted, 20), 75));
    document.documentElement.style.setProperty("--panel", `${share}vw`);
    handle.ariaValueNow = String(share);
    writePref("panel", handle.ariaValueNow);
  };
  handle.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: 2, ArrowRight: -2 }[key];
    if (step) set(Number(handle.ariaValueNow) + step);
  });
  handle.addEventListener("pointerdown", ({ pointerId }) => handle.setPointerCapture(pointerId));
  handle.addEventListener("pointermove", ({ pointerId, clientX }) => {
    if (handle.hasPointerCapture(pointerId)) set(100 - (clientX / innerWidth) * 100);
  });
  panel.prepend(handle);
  set(Number(readPref("panel")) || 36);
}
