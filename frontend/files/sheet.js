/** The picture of a page: loaded with the log-in, enlarged by a click. */

import { el, iconButton } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";

const WIDTH = 1000;
const LARGE = 2000;

/** @type {(name: string, draw: Draw, signal: AbortSignal) => HTMLElement} a click enlarges it */
export function sheet(name, draw, signal) {
  const picture = el("img", { alt: name });
  const label = text.enlarge(name);
  const button = el("button", { class: "sheet", disabled: true, "aria-label": label }, picture);
  button.addEventListener("click", () => {
    const large = el("img", { src: picture.src, alt: name });
    const close = iconButton("close", text.dismiss, () => dialog.close());
    const dialog = el("dialog", { class: "enlarged", "aria-label": name }, close, large);
    dialog.addEventListener("close", () => dialog.remove());
    large.addEventListener("click", () => dialog.close());
    signal.addEventListener("abort", () => dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    fill(large, draw(LARGE), signal).catch(() => undefined); // the smaller one is still there
  });
  fill(picture, draw(WIDTH), signal).then(
    () => {
      button.disabled = false;
    },
    (error) => {
      const words = el("p", { class: "muted", role: "alert" }, wordsOf(error));
      if (!signal.aborted) button.replaceWith(words);
    },
  );
  return button;
}

/** @type {(picture: HTMLImageElement, coming: Promise<Blob>, signal: AbortSignal) => Promise<void>} */
async function fill(picture, coming, signal) {
  const blob = await coming;
  if (signal.aborted) return;
  const source = URL.createObjectURL(blob);
  signal.addEventListener("abort", () => URL.revokeObjectURL(source));
  picture.src = source;
  await picture.decode();
}
