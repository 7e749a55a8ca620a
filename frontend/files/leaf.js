/** What is shown of one page of a file: its text with a passage marked, and its picture if it has one. */

import { el } from "../kit/dom.js";
import { text } from "../strings.js";
import { gridElement } from "../text/elements.js";
import { ApiError } from "../wire/errors.js";
import { original, pageImage, textPage } from "../wire/server.js";
import { isPicture } from "./attached.js";
import { factsOf } from "./file-item.js";
import { sheet } from "./sheet.js";

const LEAST_PART_CHARS = 10_000; // of formats without pages

/** @type {(api: Api, book: Book, signal: AbortSignal) => HTMLElement} its pictures go with the signal */
export function leaf(api, { file, passage, page }, signal) {
  const { file_id: id, filename: name, kind } = file;
  const none = file.state === "ready" ? text.noText : factsOf(file);
  const shown = page ? words(kind, page, passage) : el("p", { class: "muted" }, none);
  /** @type {Draw | false} */
  const draw =
    kind === "pdf" && page
      ? (width) => pageImage(api, id, page.number, { width, passage, signal })
      : isPicture(name) && (() => original(api, id)); // what could not be read is of no known kind
  if (!draw) return shown;
  const picture = sheet(text.place(name, page?.page ?? null), draw, signal);
  return el("section", { class: "leaf" }, picture, shown);
}

/** @type {(kind: string, page: TextPage, passage: Place) => HTMLElement} */
function words(kind, page, passage) {
  if (!/csv|xlsx/.test(kind)) return pageText(markedPage(page, passage));
  const tables = tablesIn(page, passage).flatMap(({ head, rows }) => {
    if (head.length === 0) {
      return rows.map(({ line, isMarked }) => pageText(isMarked ? ["", line] : [line]));
    }
    const shown = rows.map(({ cells, isMarked }) => {
      const texts = head.map((name) => cells.get(name) ?? "");
      return texts.map((one) => (isMarked ? marks(one) : [one]));
    });
    const names = head.map((one) => [one]);
    return gridElement(names, shown);
  });
  return el("div", {}, ...tables);
}

/** @param {string[]} parts the second is marked */
export function pageText([before = "", marked = "", after = ""]) {
  return el("p", { class: "page-text", dir: "auto" }, before, ...marks(marked), after);
}

const marks = (/** @type {string} */ words) => (words ? [el("mark", {}, words)] : []);

const FIELD = /^([^:]+): (.*)$/;

/**
 * Read tables back from how the server writes their rows, "name: Ann; city: Rome", with the lines
 * between them; what the passage is in is marked.
 * @type {(page: { text: string, start: number }, passage: Span) => ReadTable[]}
 */
export function tablesIn({ text, start }, passage) {
  let at = start;
  /** @type {ReadTable[]} */
  const tables = [];
  for (const line of text.split("\n")) {
    const from = at;
    at += [...line].length + 1;
    if (!line) continue;
    const fields = line
      .split(/; (?=[^:;]+: )/)
      .map((one) => FIELD.exec(one)?.slice(1) ?? ["", one]);
    const cells = new Map(/** @type {[string, string][]} */ (fields));
    const isHeaded = !cells.has("");
    let table = tables.at(-1);
    if (!table || !isHeaded || table.head.length === 0) {
      table = { head: [], rows: [] };
      tables.push(table);
    }
    if (isHeaded) table.head = [...new Set([...table.head, ...cells.keys()])];
    table.rows.push({ line, cells, isMarked: from < passage.end && at > passage.start + 1 });
  }
  return tables;
}

/**
 * Cut the text of a page into what stands before a passage, what of the passage is on it, and what
 * comes after. Places count characters (code points) of the whole text, as the server does.
 * @type {(page: { text: string, start: number }, passage: Span) => string[]}
 */
export function markedPage({ text, start }, passage) {
  const characters = Array.from(text);
  const from = Math.max(passage.start - start, 0);
  const to = Math.max(passage.end - start, from);
  const parts = [characters.slice(0, from), characters.slice(from, to), characters.slice(to)];
  return parts.map((one) => one.join(""));
}

/**
 * Give the page that holds the beginning of a passage, mostly at the first or second try.
 * @param {Api} api
 * @param {StoredFile} file
 * @param {Place} place
 */
export async function pageAround(api, { file_id: id, pages, chars }, { start, page }) {
  let first = 1;
  let last = pages || Math.floor(chars / LEAST_PART_CHARS) + 1;
  let number = Math.min(page ?? Math.floor((start / chars) * last) + 1, last);
  for (;;) {
    const found = await textPage(api, id, number).catch((error) => {
      if (number > 1 && error instanceof ApiError && error.status === 404) return null;
      throw error;
    });
    if (!found || start < found.start) last = number - 1;
    else if (start >= found.end && number < last) first = number + 1;
    else return found;
    number = (first + last) >> 1;
  }
}
