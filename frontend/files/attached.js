/** The files of a question in the conversation: chips that open them, pictures as what they show. */

import { el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";

/** @type {(name: string) => boolean} never SVG, which can hold scripts */
export const isPicture = (name) => /\.(?:gif|jpe?g|png|webp)$/i.test(name);

/** @type {(content: unknown) => AttachedFile[]} read which files a message brings */
export const attachedIn = (content) =>
  (Array.isArray(content) ? content : []).flatMap(({ type, file }) =>
    type === "file" ? file : [],
  );

/**
 * Make the list of a question's files.
 * @param {readonly AttachedFile[]} files
 * @param {(fileId: string) => Promise<Blob>} load gives the bytes of a picture
 */
export function attachedList(files, load) {
  const items = files.map(({ file_id: id, filename: name }) => {
    const title = el("span", { class: "source-title", dir: "auto" }, name);
    const chip = el("button", { class: "chip", "data-file": id, title: name }, icon("file"), title);
    if (isPicture(name)) {
      const seen = new IntersectionObserver(async ([one]) => {
        if (!one?.isIntersecting) return;
        seen.disconnect();
        const picture = await load(id).then(
          (bytes) => pictureOf(bytes, name),
          () => null,
        );
        if (picture) chip.replaceChildren(picture);
      });
      seen.observe(chip);
    }
    return el("li", {}, chip);
  });
  return el("ul", { class: "attached", "aria-label": text.attached }, ...items);
}

/** @type {(bytes: Blob, alt: string) => Promise<HTMLImageElement | null>} null for what is no picture */
export async function pictureOf(bytes, alt) {
  const src = URL.createObjectURL(bytes);
  const picture = el("img", { src, alt });
  const shown = await picture.decode().then(
    () => picture,
    () => null,
  );
  URL.revokeObjectURL(src);
  return shown;
}
