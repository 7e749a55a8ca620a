/** Reads Markdown pipe tables. Pure. */

const RULER = /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$/;
const SINGLE = /^ *\| *:?-+:? *\|? *$/;

/** @typedef {{ head: string[], rows: string[][], next: number }} TableLines */

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
 * @param {string[]} lines
 * @param {number} from
 * @returns {TableLines}
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
