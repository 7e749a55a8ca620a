/** Every language says all that English says, in its own words and with the same values. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { text as english } from "../../frontend/strings/en.js";
import { LANGUAGES } from "../../frontend/strings.js";

const PAGE = new URL("../../frontend/", import.meta.url);
const OTHERS = Object.keys(LANGUAGES).filter((tag) => tag !== "en");

/** What is the same in another language: names, words it has taken over, and what is a measure alone. */
const SAME = {
  de: [
    ...[
      "name",
      "server",
      "keyName",
      "tokens",
      "plan",
      "roles.admin",
      "themes.",
      "modes.chat",
      "modes.react",
    ],
    ...["modes.plan", "commands.0", "commands.1"],
  ],
};

/**
 * Name every text of a table by its path, nested ones too.
 * @param {object} table
 * @param {string} [path]
 * @returns {[string, unknown][]}
 */
const texts = (table, path = "") =>
  Object.entries(table).flatMap(([key, value]) =>
    typeof value === "object" ? texts(value, `${path}${key}.`) : [[path + key, value]],
  );

/** @type {(tag: string) => Promise<typeof english>} */
const tableOf = async (tag) => (await import(`../../frontend/strings/${tag}.js`)).text;

/** A list of one number can be used as a number, as a word and as a list. */
const VALUES = [["11"], ["22"], ["33"]];

/** @type {(value: any, values?: any[]) => string} */
const said = (value, values = VALUES) =>
  typeof value === "function" ? value(...values.slice(0, value.length)) : value;

/** @type {(value: unknown, values?: any[]) => string[]} */
const numbersIn = (value, values) => (said(value, values).match(/\d+/g) ?? []).sort();

test("each language has a table, and the page may begin in each", () => {
  const tables = readdirSync(new URL("strings", PAGE)).map((name) => name.slice(0, -3));
  assert.deepEqual(tables.sort(), Object.keys(LANGUAGES).sort());
  const early = readFileSync(new URL("shell/early.js", PAGE), "utf8");
  const [, tags = ""] = /\[([^\]]+)\]\.includes\(tag\)/.exec(early) ?? [];
  assert.deepEqual(JSON.parse(`[${tags}]`), Object.keys(LANGUAGES));
});

for (const tag of OTHERS) {
  test(`${tag}: the same names in the same order, of the same kinds`, async () => {
    const kinds = (/** @type {object} */ table) =>
      texts(table).map(([path, value]) =>
        typeof value === "function" ? `${path}(${value.length})` : `${path}: ${typeof value}`,
      );
    assert.deepEqual(kinds(await tableOf(tag)), kinds(english));
  });

  test(`${tag}: no text is left in English`, async () => {
    const other = new Map(texts(await tableOf(tag)));
    const same = texts(english).filter(([path, value]) =>
      typeof value === "string" ? value === other.get(path) : said(value) === said(other.get(path)),
    );
    const measures = same.filter(([, value]) => typeof value === "function").map(([path]) => path);
    assert.deepEqual(
      same.map(([path]) => path).filter((path) => !measures.includes(path)),
      texts(english)
        .map(([path]) => path)
        .filter((path) => SAME[/** @type {keyof typeof SAME} */ (tag)].includes(path)),
    );
    assert.deepEqual(measures, ["seconds"]);
  });

  test(`${tag}: every value that English tells is told, also where there is one of a thing`, async () => {
    const other = new Map(texts(await tableOf(tag)));
    for (const values of [VALUES, [1, 1, 1], [0, 0, 0], [7200, 5400, 5]]) {
      for (const [path, value] of texts(english)) {
        if (typeof value !== "function") continue;
        if (path === "verdictMissing" && values !== VALUES) continue; // takes nothing but a list
        const [ours, theirs] = [numbersIn(value, values), numbersIn(other.get(path), values)];
        assert.deepEqual(theirs, ours, path);
      }
    }
  });
}

test("German has its own quotation marks and plurals, and a comma where English has a point", async () => {
  const german = await tableOf("de");
  const all = texts(german).map(([, value]) => said(value));
  assert.deepEqual(
    all.filter((words) => /["”'’]|“[^“]*“|\.\.\./.test(words.replaceAll(/„[^“]*“/g, ""))),
    [],
  );
  assert.deepEqual(
    [
      german.place("a.txt", null),
      german.seconds(1234),
      german.tokenCounts(1234, 5),
      german.pageCount(1),
      german.toolCount(2),
    ],
    ["a.txt", "1,2 s", "1.234 gelesen, 5 geschrieben", "1 Seite", "2 Werkzeugaufrufe"],
  );
});

test("the page speaks the language it has begun in, or English when that has no table", async () => {
  /** @type {(lang: string) => Promise<[string, string, string]>} */
  const begun = async (lang) => {
    const root = { lang };
    Object.assign(globalThis, { document: { documentElement: root } });
    const { text, language } = await import(`../../frontend/strings.js?${lang}`);
    Reflect.deleteProperty(globalThis, "document");
    return [text.login, language, root.lang];
  };
  assert.deepEqual(await begun("de"), ["Anmelden", "de", "de"]);
  assert.deepEqual(await begun("en"), ["Log in", "en", "en"]);
  assert.deepEqual(await begun("xx"), ["Log in", "en", "en"]);
});
