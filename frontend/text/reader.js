/** Reads Markdown: by libraries as soon as they are loaded, and until then as the plain text it is. */

import { el } from "../kit/dom.js";

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^`\s]*)[^`\n]*(?:\n|$)/;

/** @type {(source: string) => Piece[]} cut a text into fenced code and paragraphs */
function lex(source) {
  /** @type {Piece[]} */
  const pieces = [];
  for (let rest = source; rest; rest = rest.slice(pieces.at(-1)?.raw.length)) {
    pieces.push(codeIn(rest) ?? wordsIn(rest));
  }
  return pieces;
}

/** @type {(source: string) => Piece | null} */
function codeIn(source) {
  const [opening = "", ticks = "", lang = ""] = FENCE.exec(source) ?? [];
  if (!ticks) return null;
  const closing = new RegExp(`(?:^|\\n) {0,3}${ticks}[\`~]*[ \\t]*(?:\\n|$)`);
  const body = source.slice(opening.length);
  const end = closing.exec(body);
  const text = end ? body.slice(0, end.index) : body;
  const raw = end ? opening + text + end[0] : source;
  return { type: "code", raw, lang, text };
}

/** @type {(source: string) => Piece} */
function wordsIn(source) {
  const [blank] = /^(?:[ \t]*\n)+/.exec(source) ?? [];
  if (blank) return { type: "space", raw: blank };
  const [raw = source] = /^[^\n]*(?:\n(?! {0,3}(?:```|~~~)|[ \t]*\n)[^\n]+)*\n?/.exec(source) ?? [];
  return { type: "paragraph", raw, text: raw.trimEnd() };
}

/** @type {(pieces: Piece[]) => Element[]} build one element of each block */
const build = (pieces) =>
  pieces.map(({ type, text = "", lang = "" }) =>
    type === "code" ? el("pre", {}, el("code", { "data-lang": lang }, text)) : el("p", {}, text),
  );

/**
 * `lex` cuts a text into blocks, `build` makes one element of each, and `polish` adds to a finished one
 * what takes longer: colours and formulas.
 */
export const plain = { lex, build, polish: async (/** @type {Element} */ _) => undefined };

/** @type {Omit<typeof plain, "polish"> & { polish: (root: Element) => Promise<void> }} */
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
