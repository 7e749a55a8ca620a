/** What is shown of a file that a tool made. */

import { el, outsideLink } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { language, text } from "../strings.js";
import { pathOf } from "../wire/server.js";

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** @type {(size_bytes: number) => string} write a size as people read it, in thousands */
export function sizeOf(size_bytes) {
  let size = size_bytes;
  let unit = 0;
  for (; size >= 999.5 && unit < UNITS.length - 1; unit += 1) size /= 1000;
  const digits = size < 9.95 && unit > 0 ? 1 : 0;
  const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${size.toLocaleString(language, shown)} ${UNITS[unit]}`;
}

const PICTURE = /^image\/(?:png|jpeg|gif|webp)$/; // never SVG, which can hold scripts

/**
 * Make the element of an artifact; it is fetched from our own origin, where a cookie opens it.
 * @param {Partial<Artifact> & { id: string, filename: string }} artifact
 */
export function artifactElement({ id, filename, media_type = "", size_bytes }) {
  const href = pathOf("artifacts", id);
  const size = size_bytes === undefined ? "" : sizeOf(size_bytes);
  const chip = { class: "chip", href, download: true, title: `${text.download}: ${filename}` };
  const name = el("span", { class: "source-title", dir: "auto" }, filename);
  const save = el("a", chip, icon("download"), name, el("span", { class: "source-host" }, size));
  const whole = el("span", { class: size ? "artifact" : "artifact unsized" }, save);
  if (PICTURE.test(media_type)) {
    const picture = el("img", { src: href, alt: filename, loading: "lazy" });
    const large = outsideLink(href, { class: "picture" }, picture);
    picture.addEventListener("error", () => large.remove());
    whole.prepend(large);
  }
  return whole;
}
