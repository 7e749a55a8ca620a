/** Collects the lines of one Markdown list or pipe table. Pure; what stands in them is read by others. */

const RULER = /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$/;
const SINGLE = /^ *\| *:?-+:? *\|? *$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?: +(.*)|$)/;

/** @param {string} line */
export const isItem = (line) => ITEM.test(line);

/**
 * Collect the list that begins at a line.
 * @param {string[]} lines
 * @param {number} from
 * @param {(line: string) => boolean} startsBlock whether a line ends a paragraph
 * @returns {ListLines}
 */
export function collectList(lines, from, startsBlock) {
  const [, margin = "", marker = ""] = ITEM.exec(lines[from] ?? "") ?? [];
  const ordered = /\d/.test(marker);
  const inner = margin.length + marker.length + 1;
  /** @type {string[][]} */
  const items = [];
  let next = from;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    const sibling = siblingOf(line, margin.length, ordered);
    if (sibling !== null) items.push([sibling]);
    else if (!belongs(lines, next, margin.length, ordered, startsBlock)) break;
    else items.at(-1)?.push(line.slice(Math.min(indentOf(line), inner)));
  }
  return { ordered, first: Number.parseInt(marker, 10) || 1, items, next };
}

/**
 * Give the text behind the marker when a line is another item of the same list, else null.
 * @param {string} line
 * @param {number} margin
 * @param {boolean} ordered
 */
function siblingOf(line, margin, ordered) {
  const match = ITEM.exec(line);
  if (!match || (match[1] ?? "").length > margin + 1) return null;
  return /\d/.test(match[2] ?? "") === ordered ? (match[3] ?? "") : null;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {number} margin
 * @param {boolean} ordered
 * @param {(line: string) => boolean} startsBlock
 */
function belongs(lines, at, margin, ordered, startsBlock) {
  const line = lines[at] ?? "";
  if (line.trim() === "") {
    const next = lines.slice(at, at + 3).find((one) => one.trim() !== "") ?? "";
    return indentOf(next) > margin + 1 || siblingOf(next, margin, ordered) !== null;
  }
  if (indentOf(line) > margin + 1) return true;
  const before = lines[at - 1] ?? "";
  return before.trim() !== "" && !startsBlock(line);
}

/** @param {string} line */
const indentOf = (line) => line.length - line.trimStart().length;

/**
 * Whether a table begins at a line: a row of cells over a row of dashes.
 * @param {string[]} lines
 * @param {number} at
 */
export function startsTable(lines, at) {
  const ruler = lines[at + 1] ?? "";
  return (lines[at] ?? "").includes("|") && (RULER.test(ruler) || SINGLE.test(ruler));
}

/**
 * Collect the table that begins at a line; every row has as many cells as the head.
 * @type {(lines: string[], from: number) => TableLines}
 */
export function collectTable(lines, from) {
  const head = cells(lines[from] ?? "");
  /** @type {string[][]} */
  const rows = [];
  let next = from + 2;
  for (; (lines[next] ?? "").includes("|"); next += 1) {
    const row = cells(lines[next] ?? "");
    rows.push(head.map((_, column) => row[column] ?? ""));
  }
  return { head, rows, next };
}

/** @param {string} line */
function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
