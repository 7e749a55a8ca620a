/** What Markdown is read into. Browsers load none of it. */

/** `line` is the first line of the block, counted from 0 in the text that was given. */
export type Block = { line: number } & (
  | { type: "paragraph"; text: string }
  | { type: "heading"; level: number; text: string }
  | { type: "rule" }
  | { type: "code"; language: string; text: string }
  | { type: "quote"; blocks: Block[] }
  | { type: "list"; ordered: boolean; first: number; items: Block[][] }
  | { type: "table"; head: string[]; rows: string[][] }
);

export type Inline =
  | { type: "text"; text: string }
  | { type: "code"; text: string }
  | { type: "cite"; number: number }
  | { type: "strong" | "em" | "del"; children: Inline[] }
  | { type: "link"; href: string; children: Inline[] };

export type FoundLink = { label: string; href: string; next: number };

/**
 * `first` is the number of the first item, `items` the lines of each without marker and
 * indentation, `next` the line after the list.
 */
export type ListLines = { ordered: boolean; first: number; items: string[][]; next: number };

export type TableLines = { head: string[]; rows: string[][]; next: number };

/** More text cannot change the `settled` first blocks; the others begin at `settled_chars`. */
export type Progress = { blocks: Block[]; settled: number; settled_chars: number };
