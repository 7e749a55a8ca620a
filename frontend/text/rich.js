/**
 * Makes elements out of Markdown: marked reads it, DOMPurify lets through only what is listed here.
 * The one file of the page that turns text into markup; all of it is escaped, and cleaned afterwards.
 */

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { plain } from "./reader.js";
import { displayFormula, formulaAt } from "./tex.js";

const TAGS =
  "a blockquote br code del em h3 hr input li ol p pre span strong table tbody td th thead tr ul";
const ATTRIBUTES = "align checked class data-lang data-maths disabled start type".split(" ");
const ADDRESSES = ["data-src", "href"];
// No formula is larger than a screen, or draws far from its place.
const SIZES = ["depth", "height", "lspace", "rspace", "voffset", "width"];
const SIZE = /^(?:\+?\d{0,2}|-?\d?)(?:\.\d+)?(?:[a-z]{2}|%)?$|^100%$/;
const CLASSES = /^(?:rank-[1-6]|hljs-\w+|boxed|tml-\w+)$/;

/** @type {(options: import("dompurify").Config) => (html: string) => DocumentFragment} */
function cleaner(options) {
  const purify = DOMPurify(window);
  purify.addHook("uponSanitizeAttribute", (_, data) => {
    if (SIZES.includes(data.attrName)) data.keepAttr = SIZE.test(data.attrValue);
    if (data.attrName !== "class") return;
    const known = data.attrValue.split(" ").filter((one) => CLASSES.test(one));
    data.attrValue = known.join(" ");
    data.keepAttr = known.length > 0;
  });
  return (html) => purify.sanitize(html, { ...options, RETURN_DOM_FRAGMENT: true });
}

export const clean = cleaner({
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: [...ATTRIBUTES, ...ADDRESSES],
  ADD_URI_SAFE_ATTR: ATTRIBUTES,
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|[^:?#]*\/api\/artifacts\/)/i,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
});

export const cleanMaths = cleaner({
  USE_PROFILES: { mathMl: true },
  ADD_ATTR: ["class"],
  FORBID_TAGS: ["mglyph"],
  FORBID_ATTR: ["dir", "encoding", "href", "id", "style", "xlink:href", "xmlns"],
});

/** @type {(words: string, signs?: RegExp) => string} */
const escaped = (words, signs = /[&<>"']/g) =>
  words.replace(signs, (sign) => `&#${sign.charCodeAt(0)};`);

/** @type {(words: string) => string} leaves entities, which Markdown knows as well */
const shown = (words) => escaped(words, /[<>"']|&(?!#?\w{1,32};)/g);

/** @type {(token: any) => string} */
const formula = ({ text, display }) =>
  `<code data-maths="${display ? "block" : ""}">${escaped(text)}</code>`;

const marked = new Marked({
  tokenizer: {
    // What is not read: definitions, which change what stands before them, and HTML but for <br>.
    def: () => undefined,
    reflink: () => undefined,
    html: () => undefined,
    tag(source) {
      const [raw = ""] = /^<br ?\/?>/i.exec(source) ?? [];
      return raw ? /** @type {any} */ ({ type: "br", raw }) : undefined;
    },
    del: (source) => (/^~~[^~]/.test(source) ? false : undefined),
  },
  renderer: {
    // Of one rank for readers: models skip ranks, and an outline with gaps is hard to follow.
    heading({ tokens, depth }) {
      return `<h3 class="rank-${depth}">${this.parser.parseInline(tokens)}</h3>`;
    },
    code({ text, lang = "" }) {
      if (lang === "math") return `<p>${formula({ text, display: true })}</p>`;
      const name = escaped(/^\S*/.exec(lang)?.[0] ?? "");
      return `<pre><code data-lang="${name}">${escaped(text)}</code></pre>`;
    },
    listitem({ tokens }) {
      // By the paragraphs of its own, not by its neighbours: so a finished item never changes.
      const words = tokens.filter(({ type }) => type === "text" || type === "paragraph");
      for (const one of words) one.type = words.length > 1 ? "paragraph" : "text";
      return `<li>${this.parser.parse(tokens)}</li>`;
    },
    link({ href, tokens }) {
      return `<a href="${shown(href)}">${this.parser.parseInline(tokens)}</a>`;
    },
    image: ({ href, text }) => `<span data-src="${shown(href)}">${shown(text)}</span>`,
  },
  extensions: [
    {
      name: "display",
      level: "block",
      start: (source) => /(?<=\n) {0,3}(?:\$\$|\\\[)/.exec(source)?.index,
      tokenizer: displayFormula,
      renderer: (token) => `<p>${formula(token)}</p>`,
    },
    {
      name: "formula",
      level: "inline",
      start: (source) => /\$|\\[([]/.exec(source)?.index,
      tokenizer: formulaAt,
      renderer: formula,
    },
  ],
});

/** @type {Reader["lex"]} what is nested too deep for the library is read as plain text */
export function lex(source) {
  try {
    return /** @type {Piece[]} */ (marked.lexer(source));
  } catch {
    return plain.lex(source);
  }
}

/** @type {Reader["build"]} */
export function build(pieces) {
  try {
    return [...clean(marked.parser(/** @type {any} */ (pieces))).children];
  } catch {
    return plain.build(pieces);
  }
}

/** @type {Reader["polish"]} */
export async function polish(root) {
  if (!root.matches(".code, :has(.code, [data-maths])")) return;
  await (await import("./polish.js")).polish(root);
}
