/** Finds formulas in Markdown, and none in prices, code or shell variables. Pure. */

const DISPLAY =
  /^ {0,3}(?:\$\$((?:(?!\n[ \t]*\n|\$\$)[\s\S])+)\$\$|\\\[((?:(?!\n[ \t]*\n|\\\])[\s\S])+)\\\])[ \t]*(?:\n+|$)/;
const INLINE = [
  /^(\$\$)((?:(?!\n[ \t]*\n|\$\$)[\s\S]){1,2000})\$\$/,
  /^(\\\[)((?:(?!\n[ \t]*\n|\\\])[\s\S]){1,2000})\\\]/,
  /^(\\\()((?:(?!\n[ \t]*\n|\\\))[\s\S]){1,2000})\\\)/,
  /^(\$)(?![\s$])((?:[^$`\\\n]|\\[^\n]){1,1000})(?<!\s)\$(?![\w$])/,
];
// "$20 or 30$" is an amount; "$2 + 2$" is not.
const AMOUNT = /^\d[\d.,]*\s[^\\^_=+*/<>{}]*$/;

/**
 * Read the formula that a text begins with.
 * @param {string} source
 */
export function formulaAt(source) {
  const found = INLINE.map((one) => one.exec(source)).find(Boolean);
  const [raw = "", mark = "", text = ""] = found ?? [];
  if (!found || (mark === "$" && AMOUNT.test(text))) return undefined;
  return { type: "formula", raw, text: text.trim(), display: /^(?:\$\$|\\\[)$/.test(mark) };
}

/**
 * Read the formula that is a block of its own.
 * @param {string} source
 */
export function displayFormula(source) {
  const found = DISPLAY.exec(source);
  if (!found) return undefined;
  const text = (found[1] ?? found[2] ?? "").trim();
  return { type: "display", raw: found[0], text, display: true };
}
