/**
 * Makes elements out of Markdown: marked reads it, DOMPurify lets through only what is listed here.
 * The one file of the page that turns text into markup; all of it is escaped, and cleaned afterwards.
 */

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { displayFormula, formulaAt, formulaStart } from "./tex.js";

/** @typedef {import("marked").Token} Token */

const TAGS =
  "a blockquote br code del em h3 hr input li ol p pre span strong table tbody td th thead tr ul";
const ATTRIBUTES = "align checked class data-lang data-maths data-src disabled href start type";
const MATHS_TAGS =
  "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover";
const MATHS_ATTRIBUTES =
  "accent accentunder class columnspan depth display displaystyle fence form height largeop linethickness lspace mathvariant maxsize minsize movablelimits notation rowspan rspace scriptlevel separator stretchy symmetric voffset width";
const CLASSES = /^(?:rank-[1-6]|hljs-\w+|boxed|(?:tml-|upstrike|downstrike)\w*)$/;
const ADDRESSES = /^(?:https?:\/\/|[^:?#]*\/api\/artifacts\/)/i;

/** @type {(tags: string, attributes: string) => (html: string) => DocumentFragment} */
function cleaner(tags, attributes) {
  const purify = DOMPurify(window);
  purify.addHook("uponSanitizeAttribute", (_, data) => {
    if (data.attrName !== "class") return;
    data.attrValue = data.attrValue
      .split(" ")
      .filter((one) => CLASSES.test(one))
      .join(" ");
    data.keepAttr = data.attrValue !== "";
  });
  const options = {
    ALLOWED_TAGS: tags.split(" "),
    ALLOWED_ATTR: attributes.split(" "),
    ALLOWED_URI_REGEXP: ADDRESSES,
    ADD_URI_SAFE_ATTR: attributes.split(" ").filter((one) => !/href|src/.test(one)),
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: /** @type {const} */ (true),
  };
  return (html) => purify.sanitize(html, options);
}

export const clean = cleaner(TAGS, ATTRIBUTES);
export const cleanMaths = cleaner(MATHS_TAGS, MATHS_ATTRIBUTES);

/** @type {(words: string) => string} */
const escaped = (words) => words.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @type {(words: string) => string} leaves entities, which Markdown knows as well */
const shown = (words) =>
  words.replace(/[<>"']|&(?!#?\w{1,32};)/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @type {(token: { text: string, display: boolean }) => string} */
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
    html: ({ text }) => escaped(text),
    heading({ tokens, depth }) {
      // Of one rank for readers: models skip ranks, and an outline with gaps is hard to follow.
      return `<h3 class="rank-${depth}">${this.parser.parseInline(tokens)}</h3>`;
    },
    code({ text, lang = "" }) {
      if (lang === "math") return `<p>${formula({ text, display: true })}</p>`;
      const name = escaped(/^\S*/.exec(lang)?.[0] ?? "");
      return `<pre><code data-lang="${name}">${escaped(text)}</code></pre>`;
    },
    listitem(item) {
      return `<li>${this.parser.parse(evened(item.tokens))}</li>`;
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
      start: (source) => /(?:^|\n) {0,3}(?:\$\$|\\\[)/.exec(source)?.index,
      tokenizer: (source) => displayFormula(source),
      renderer: (token) => `<p>${formula(/** @type {any} */ (token))}</p>`,
    },
    {
      name: "formula",
      level: "inline",
      start: formulaStart,
      tokenizer: (source) => formulaAt(source),
      renderer: (token) => formula(/** @type {any} */ (token)),
    },
  ],
});

/**
 * Set the paragraphs of an item by its own number of them, not by what stands in its neighbours: so
 * that a finished item never changes.
 * @param {Token[]} tokens
 */
function evened(tokens) {
  const words = tokens.filter(({ type }) => type === "text" || type === "paragraph");
  for (const one of words) one.type = words.length > 1 ? "paragraph" : "text";
  return tokens;
}

/** @type {(source: string) => Piece[]} cut a text into blocks */
export const lex = (source) => /** @type {Piece[]} */ (marked.lexer(source));

/** @type {(pieces: Piece[]) => Element[]} build one element of each block */
export const build = (pieces) => [
  ...clean(marked.parser(/** @type {Token[]} */ (pieces))).children,
];

/** @type {(root: Element) => Promise<void>} colour code and set formulas, once a block is finished */
export const polish = async (root) => {
  if (!root.matches(".code, :has(.code, [data-maths])")) return;
  await (await import("./polish.js")).polish(root);
};
