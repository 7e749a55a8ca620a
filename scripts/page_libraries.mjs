/**
 * Copies the page's libraries out of node_modules to frontend/vendor, where the import map of
 * index.html expects them. Run by `make page-libraries` after npm has fetched what the lock names.
 */

import { cpSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

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
for (const name of readdirSync(`${FROM}/${HIGHLIGHT}/languages`)) {
  if (!name.endsWith(".min.js")) continue;
  cpSync(
    `${FROM}/${HIGHLIGHT}/languages/${name}`,
    `${MADE}/languages/${name.replace(".min.js", ".js")}`,
  );
}
rmSync(TO, { recursive: true, force: true });
renameSync(MADE, TO);
