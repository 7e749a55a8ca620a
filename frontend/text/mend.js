/**
 * Ends Markdown that is still being written where its next words may make something else of it: what
 * has only begun is closed or held back, so that its signs never flicker. Pure.
 */

const ITEM = String.raw`(?<=^|\n)[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]) +)*`;
const FENCE = new RegExp(`${ITEM}(?:\`{1,2}|~{1,2}|(?:\`{3,}|~{3,})[^\`\\n]*)$`);
const TABLE_HEAD = /(?<=^|\n) {0,3}\|[^\n]*(?:\n[ |:-]*)?$/;
const HELD = [
  new RegExp(`${ITEM}(?:[-*+=_#>]+|\\d{1,9}[.)]?|\\[[ xX]?\\]?)?[ \\t]*$`),
  /(?:<(?:b(?:r ?\/?)?)?|[\\!$]|&#?\w{0,9}|(?<!\\)!?\[[^\]\n]{0,80}\]?|【[^】\n]{0,80})$/,
];
const HALF_LINK = /(!?)\[([^\]\n]*)\]\([^()\n]*$/;
const MARKS = /\\[\s\S]|`+|\$\$|\*\*|__|~~|[*_]|\n(?=\s*(?:[-*+|]|\d+[.)]) )/g;
/** @type {Record<string, string>} */
const FORMULAS = { "\\(": "\\)", "\\[": "\\]", $$: "$$" };

/**
 * Mend the end of a text.
 * @param {string} source
 * @param {string} [leaf] type of what the text ends in; code is left as it is, but for its fences
 * @param {string} [block] type of the block that the text ends in
 */
export function mended(source, leaf = "", block = "") {
  if (leaf === "code") return source.replace(FENCE, "");
  const forms = block === "table" ? HELD : [TABLE_HEAD, FENCE, ...HELD];
  const kept = forms.reduce((words, form) => words.replace(form, ""), source);
  const linked = kept.replace(HALF_LINK, (_, image, label) => (image ? "" : label));
  const begin = linked.lastIndexOf("\n\n") + 1;
  return linked.slice(0, begin) + closed(linked.slice(begin));
}

/** @type {(words: string) => string} close formulas, code and emphasis that are open */
function closed(words) {
  const { open, until, begun, end } = scanned(words);
  let kept = words.slice(0, end);
  if (until) {
    const inner = kept
      .slice(begun)
      .replace(/[\\$`]+$/, "")
      .trimEnd();
    kept = kept.slice(0, inner ? begun : begun - until.length) + inner + (inner && until);
  }
  if (open.length > 0) kept = kept.trimEnd();
  while (open.length > 0 && kept.endsWith(open.at(-1) ?? "")) {
    kept = kept.slice(0, -(open.pop()?.length ?? 0)).trimEnd();
  }
  return kept + open.reverse().join("");
}

/** @param {string} words */
function scanned(words) {
  /** @type {Scan} */
  const state = { open: [], until: "", begun: 0, end: words.length };
  for (const { 0: mark, index } of words.matchAll(MARKS)) {
    if (mark === "\n") state.open = [];
    if (!state.until) weigh(words, index, mark, state);
    else if (mark === state.until || (mark === "\n" && state.until[0] === "`")) state.until = "";
  }
  return state;
}

/** @type {(words: string, at: number, mark: string, state: Scan) => void} */
function weigh(words, at, mark, state) {
  const { open } = state;
  const next = at + mark.length;
  if (mark[0] === "`" || FORMULAS[mark]) {
    state.until = FORMULAS[mark] ?? mark;
    state.begun = next;
  } else if (open.includes(mark)) open.length = open.indexOf(mark);
  else if (!/[*_~]/.test(mark)) return;
  else if (next === words.length) state.end = at;
  else if (opens(words, at, mark)) open.push(mark);
}

/** @type {(words: string, at: number, mark: string) => boolean} */
function opens(words, at, mark) {
  if (/\s/.test(words[at + mark.length] ?? " ")) return false;
  return mark[0] !== "_" || !/\w/.test(words[at - 1] ?? "");
}
