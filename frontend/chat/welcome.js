/**
 * What stands under the welcome of a new chat: how to get a language model while there is none,
 * until one has come, and examples of what can be asked with what the server really has.
 */

import { Again } from "../kit/again.js";
import { byId, copyButton, el } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { text } from "../strings.js";
import { getReady, listFiles, listModels, listTools } from "../wire/server.js";
import { speaks } from "./pickers.js";

const MOST = 4;
const CHECK_MS = { first_ms: 3000, most_ms: 15_000 };

/** @typedef {"" | "server" | "model" | "speech"} Lack "" when a language model is there */

/** Knows which models there are, and offers them. */
export class Welcome {
  #parts;
  #examples = el("ul", { class: "examples", "aria-label": text.examples });
  #note = el("div", { class: "no-server", hidden: true });
  /** @type {Lack | null} null before it is known */
  #lack = null;
  #again = new Again(
    async () => this.#note.checkVisibility() && (await this.look()) === "",
    CHECK_MS,
  );

  /** @param {WelcomeParts} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.pickers.onChoosing(() => this.look().catch(() => undefined)); // what is known stays
    byId("welcome", HTMLElement).append(this.#note, this.#examples);
  }

  /** Ask which models there are, offer them, and say what is lacking. */
  async look() {
    const { api, pickers, announce, tell } = this.#parts;
    const models = await listModels(api);
    const gone = pickers.offer(models);
    if (gone) tell(text.modelGone(gone, pickers.model));
    const [lack, why] = await lacking(api, models);
    if (this.#lack && !lack) announce(text.modelFound(pickers.model));
    const changed = this.#lack !== lack;
    this.#lack = lack;
    if (lack) this.#again.start();
    else this.#again.stop();
    this.#note.hidden = !lack;
    if (changed) {
      this.suggest();
      if (lack) this.#explain(lack, why);
    }
    return lack;
  }

  /** @type {(lack: Exclude<Lack, "">, why: string) => void} */
  #explain(lack, why) {
    const { title, hint } = text.lacking[lack];
    const commands = text.commands.slice(lack === "server" ? 0 : 1).map((command) =>
      el(
        "li",
        {},
        el("code", {}, command),
        copyButton(() => command),
      ),
    );
    this.#note.replaceChildren(
      el("h3", {}, title),
      el("p", {}, hint),
      el("ul", { class: "commands" }, ...commands),
      el("p", { class: "muted" }, text.noticed, " ", why),
    );
  }

  /** Show examples that fit what is there now; none where that cannot be found out. */
  async suggest() {
    if (this.#lack === null) return;
    const { composer } = this.#parts;
    const found = await this.#fitting().catch(() => []);
    if (String(found) === this.#examples.dataset.shown) return; // the focus may be on one of them
    this.#examples.dataset.shown = String(found);
    const items = found.map((words) => {
      const adds = words === text.noFiles;
      const button = el("button", { type: "button" }, ...(adds ? [icon("paperclip")] : []), words);
      button.addEventListener("click", () => {
        if (adds) return byId("attach", HTMLElement).click();
        composer.draft = words;
        composer.focus();
      });
      return el("li", {}, button);
    });
    this.#examples.replaceChildren(...items);
  }

  /** @param {string} words tell that a document has been read */
  onRead(words) {
    this.#parts.announce(words);
    this.suggest();
  }

  async #fitting() {
    const { api } = this.#parts;
    const [tools, files] = await Promise.all([
      listTools(api),
      listFiles(api, { name: "", cursor: "" }),
    ]);
    const on = new Set(tools.filter((one) => one.available).map((one) => one.name));
    const hasDocuments = files.documents.some((one) => one.state === "ready");
    if (this.#lack) on.delete("data_analysis"); // the builtin model draws nothing
    return Object.entries(text.prompts)
      .filter(([tool]) => on.has(tool))
      .map(([tool, words]) => (tool !== "rag_retrieval" || hasDocuments ? words : text.noFiles))
      .slice(0, MOST);
  }
}

/**
 * Find out what keeps people from a language model, and why in the server's words.
 * @type {(api: Api, models: ListedModel[]) => Promise<[Lack, string]>}
 */
async function lacking(api, models) {
  if (models.some(speaks)) return ["", ""];
  if (models.some((one) => one.owned_by !== "steward")) return ["speech", ""];
  const { checks } = await getReady(api);
  const servers = Object.entries(checks).filter(([name]) => /^model:(?!builtin)/.test(name));
  if (servers.some(([, one]) => one.ok)) return ["model", ""];
  return ["server", servers.map(([, one]) => one.detail).join(" ")];
}
