/** Reads Markdown: by libraries as soon as they are loaded, and until then as the plain text it is. */

import { el } from "../kit/dom.js";

const BLOCKS =
  /^ {0,3}(```+|~~~+) *([^`\s]*)[^`\n]*(?:\n|$)([\s\S]*?)(?:(?:^|\n) {0,3}\1[`~]*[ \t]*(?:\n|(?![\s\S]))|(?![\s\S]))|^(?:[ \t]*\n)+|.+(?:\n(?! {0,3}(?:```|~~~)|[ \t]*\n).+)*\n?/gm;

/** @type {Reader} */
export const plain = {
  lex: (source) =>
    [...source.matchAll(BLOCKS)].map(([raw, fence, lang = "", text]) => {
      if (fence) return { type: "code", raw, lang, text: text ?? "" };
      return { type: raw.trim() ? "paragraph" : "space", raw, text: raw.trimEnd() };
    }),
  build: (pieces) =>
    pieces.map(({ type, text = "", lang = "" }) =>
      type === "code" ? el("pre", {}, el("code", { "data-lang": lang }, text)) : el("p", {}, text),
    ),
  polish: async () => undefined,
};

export let reader = plain;
/** @type {Promise<boolean> | undefined} */
let loading;

/** Load the libraries; whether they are there is asked for once. */
export function loadLibraries() {
  loading ??= import("./rich.js").then(
    (rich) => {
      reader = rich;
      return true;
    },
    () => false,
  );
  return loading;
}
