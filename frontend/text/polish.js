/** Colours code and sets formulas in blocks that are finished; what cannot be, stays as it is. */

import { el, styled } from "../kit/dom.js";
import { clean, cleanMaths } from "./rich.js";

// Longer code would hold the page up while it is coloured.
const MOST_CODE_CHARS = 10_000;
const MOST_FORMULA_CHARS = 5000;
const MOST_WAIT_MS = 500; // a page that is drawn all the time has never nothing to do

let turn = Promise.resolve();

/** @type {(root: Element) => Promise<void>} one after another, while the page has nothing to do */
export const polish = (root) => {
  turn = turn.then(async () => {
    for (const code of root.querySelectorAll("pre > code[data-lang]")) await colour(code);
    for (const code of root.querySelectorAll("code[data-maths]")) await set(code);
  });
  return turn;
};

const pause = () =>
  new Promise((done) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(done, { timeout: MOST_WAIT_MS });
    else setTimeout(done);
  });

/** @param {Element} code */
async function colour(code) {
  const written = code.textContent ?? "";
  const name = (code.getAttribute("data-lang") ?? "").toLowerCase();
  if (written.length > MOST_CODE_CHARS || !name) return;
  try {
    const { default: names } = await import("highlight.js/languages/names.js");
    const language = Object.hasOwn(names, name) ? names[name] : "";
    if (!language) return;
    const { default: hljs } = await import("highlight.js");
    if (!hljs.getLanguage(language)) {
      const { default: grammar } = await import(`highlight.js/languages/${language}.js`);
      hljs.registerLanguage(language, grammar);
    }
    await Promise.all([styled("code"), pause()]);
    const { value } = hljs.highlight(written, { language, ignoreIllegals: true });
    if (code.textContent === written) code.replaceChildren(clean(value));
  } catch {
    // Without its colours code can be read as well.
  }
}

/** @param {Element} code */
async function set(code) {
  const written = code.textContent ?? "";
  const display = code.getAttribute("data-maths") === "block";
  if (written.length > MOST_FORMULA_CHARS) return;
  try {
    const { default: temml } = await import("temml");
    await pause();
    const options = { displayMode: display, throwOnError: true, trust: false, maxExpand: 200 };
    // Styles stand in its markup, where the policy of the page forbids them.
    const made = temml
      .renderToString(written, options)
      .replace(/ style="([^"]*)"/g, (_, css) => (css.includes("border:") ? ' class="boxed"' : ""));
    const attributes = display ? { class: "formula", tabindex: "0" } : {};
    code.replaceWith(el("span", attributes, cleanMaths(made)));
  } catch {
    // What is no formula after all is shown as it was written.
  }
}
