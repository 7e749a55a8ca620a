/**
 * Copies the page's libraries out of node_modules to frontend/vendor, where the import map of
 * index.html expects them. Run by `make page-libraries` after npm has fetched what the lock names.
 */

import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FROM = `${ROOT}node_modules`;
const TO = `${ROOT}frontend/vendor`;
const MADE = `${TO}.new`;
const HIGHLIGHT = "@highlightjs/cdn-assets/es";

/** Where each file comes from, by the name the import map gives it. */
const FILES = {
  "dompurify.js": "dompurify/dist/purify.es.mjs",
  "highlight.js": `${HIGHLIGHT}/core.min.js`,
  "marked.js": "marked/lib/marked.esm.js",
  "temml.js": "temml/dist/temml.mjs",
};

rmSync(MADE, { recursive: true, force: true });
mkdirSync(`${MADE}/languages`, { recursive: true });
for (const [name, source] of Object.entries(FILES)) cpSync(`${FROM}/${source}`, `${MADE}/${name}`);

const { default: hljs } = await importFile(`${HIGHLIGHT}/core.min.js`);
/** @type {Record<string, string>} the file of each language by its name and its other names */
const names = {};
for (const file of readdirSync(`${FROM}/${HIGHLIGHT}/languages`)) {
  const name = file.replace(/\.min\.js$/, "");
  if (name === file) continue;
  cpSync(`${FROM}/${HIGHLIGHT}/languages/${file}`, `${MADE}/languages/${name}.js`);
  const { default: grammar } = await importFile(`${HIGHLIGHT}/languages/${file}`);
  for (const alias of grammar(hljs).aliases ?? []) names[alias.toLowerCase()] ??= name;
  names[name] = name;
}
// So that the page asks for no file that is not there, whatever a block calls its language.
writeFileSync(`${MADE}/languages/names.js`, `export default ${JSON.stringify(names)};\n`);

rmSync(TO, { recursive: true, force: true });
renameSync(MADE, TO);

/** @param {string} path under node_modules */
function importFile(path) {
  return import(pathToFileURL(`${FROM}/${path}`).href);
}
