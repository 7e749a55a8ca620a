/** The files of a question in the conversation: chips that open them, pictures as what they show. */

import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

const PICTURE = /\.(?:gif|jpe?g|png|webp)$/i;

/** @type {(name: string) => boolean} never SVG, which can hold scripts */
export const isPicture = (name) => PICTURE.test(name);

/**
 * Read which files a message brings; a picture that came in the message has its own `url`.
 * @type {(content: unknown) => AttachedFile[]}
 */
export function attachedIn(content) {
  const parts = Array.isArray(content) ? content : [];
  return parts.flatMap(({ type, file, image_url: image }) => {
    if (type === "file") return [{ file_id: file?.file_id ?? "", filename: file?.filename ?? "" }];
    if (type !== "image_url") return [];
    const url = /^data:image\/(?:gif|jpeg|png|webp);/.test(image?.url) ? image.url : "";
    return [{ file_id: image?.file_id ?? "", filename: text.picture, url }];
  });
}

/**
 * Make the list of a question's files.
 * @param {readonly AttachedFile[]} files
 * @param {(fileId: string) => Promise<Blob>} load gives the bytes of a picture
 */
export function attachedList(files, load) {
  const items = files.map(({ file_id: id, filename: name, url = "" }) => {
    const title = el("span", { class: "source-title", dir: "auto" }, name);
    const chip = el("button", { class: "chip", "data-file": id, title: name }, icon("file"), title);
    if (url || (id && isPicture(name)))
      showLater(chip, name, async () => url || blobUrl(await load(id)));
    return el("li", {}, chip);
  });
  return el("ul", { class: "attached", "aria-label": text.attached }, ...items);
}

/** @param {Blob} blob */
export const blobUrl = (blob) => URL.createObjectURL(blob);

/** @type {(chip: HTMLElement, name: string, source: () => Promise<string>) => void} once it is seen */
function showLater(chip, name, source) {
  const seen = new IntersectionObserver(async (entries) => {
    if (!entries.some((one) => one.isIntersecting)) return;
    seen.disconnect();
    const src = await source().catch(() => "");
    const picture = el("img", { alt: name });
    picture.onload = () => {
      chip.replaceChildren(picture);
      URL.revokeObjectURL(src);
    };
    if (src) picture.src = src;
  });
  seen.observe(chip);
}
