/** The files that go with the next question: uploaded and read while it is being written. */

import { laterChips } from "../files/later-files.js";
import { byId, el } from "../kit/dom.js";
import { text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";

const MOST = 10; // as many as the server takes in one request
const MOST_PASTED_CHARS = 50_000; // few models take more at once, and a browser sets it for seconds

/** The chips above the message box. */
export class Attachments {
  #parts;
  #host = el("ul", { class: "attached", "aria-label": text.attached });
  #note = el("p", { class: "attach-note", role: "status" });
  #field = byId("message", HTMLTextAreaElement);
  /** @type {Set<AttachedChip>} */
  #chips = new Set();
  #coming = 0; // that have no chip yet
  #round = {};
  #maker;
  /** @type {(files: File[]) => void} takes those that are too many for a question */
  onTooMany = () => {};

  /** @param {AttachmentParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#maker = laterChips(parts);
    this.#field.before(this.#host, this.#note);
    byId("model", HTMLSelectElement).addEventListener("change", this.#changed);
    this.#field.addEventListener("paste", (event) => {
      const files = event.clipboardData ? this.#pasted(event.clipboardData) : [];
      if (files.length === 0) return;
      event.preventDefault();
      this.add(files);
    });
  }

  /** What goes with the question. */
  get files() {
    return [...this.#chips].flatMap(({ file }) => file ?? []);
  }

  /** Whether all is there: one that failed keeps the question back, one on its way holds it up. */
  get state() {
    const states = [...this.#chips].map((one) => one.state);
    if (this.#coming > 0) states.push("busy");
    return ["failed", "busy"].find((one) => states.some((state) => state === one)) ?? "ready";
  }

  /** @type {(words: string) => void} say what keeps the question back */
  say(words) {
    this.#note.textContent = words;
  }

  /** @type {(files: readonly File[]) => void} upload files; those that are too many become documents only */
  add(files) {
    const room = this.#room(files.length);
    this.#take(files.slice(0, room), (file, make) => {
      this.#chip(file.name, make).begin(file, this.#changed);
    });
    if (files.length > room) this.onTooMany(files.slice(room));
  }

  /** @type {(files: readonly StoredFile[]) => void} take files that are there already */
  attach(files) {
    this.#take(files.slice(0, this.#room(files.length)), (file, make) => {
      this.#chip(file.filename, make).follow(file, this.#changed);
    });
    this.#field.focus();
  }

  /** Let all go. */
  clear() {
    for (const chip of this.#chips) chip.end();
    this.#chips.clear();
    this.#coming = 0;
    this.#round = {};
    this.say("");
    this.#changed();
  }

  /** @type {(pasted: DataTransfer) => File[]} text that is too long for the message box is one as well */
  #pasted(pasted) {
    const { maxLength, value, selectionStart, selectionEnd } = this.#field;
    const words = pasted.getData("text/plain");
    const length = value.length - (selectionEnd - selectionStart) + words.length;
    const isLong = words.length > MOST_PASTED_CHARS || length > maxLength;
    if (words && isLong) return [new File([words], text.pastedFile)];
    // Text from office programs comes with a picture of itself.
    return pasted.types.includes("text/plain") ? [] : [...pasted.files];
  }

  #room(wanted = 1) {
    const room = Math.max(MOST - this.#chips.size - this.#coming, 0);
    this.say(wanted > room ? text.tooManyFiles(MOST) : "");
    return room;
  }

  /** @type {<F extends { name?: string, filename?: string }>(files: F[], begin: (file: F, make: MakeChip) => void) => Promise<void>} */
  async #take(files, begin) {
    const round = this.#round;
    const waiting = files.map((one) => el("li", {}, one.name ?? one.filename ?? ""));
    this.#coming += files.length;
    this.#host.append(...waiting);
    try {
      const make = await this.#maker.get().finally(() => waiting.map((one) => one.remove()));
      if (round !== this.#round) return;
      for (const file of files) begin(file, make);
      this.#coming -= files.length;
      this.#changed();
    } catch (error) {
      if (round !== this.#round) return;
      this.#coming -= files.length;
      this.#parts.onFail();
      this.say(wordsOf(error));
    }
  }

  /** @type {(name: string, make: MakeChip) => AttachedChip} */
  #chip(name, make) {
    const chip = make(name, () => {
      chip.end();
      this.#chips.delete(chip);
      this.say("");
      this.#changed();
      this.#field.focus();
    });
    this.#chips.add(chip);
    this.#host.append(chip.element);
    return chip;
  }

  #changed = () => {
    const seen = new Set();
    for (const chip of this.#chips) {
      const id = chip.file?.file_id;
      if (id && seen.has(id)) {
        chip.end(); // the same bytes under the same name
        this.#chips.delete(chip);
      }
      seen.add(id);
      chip.update();
    }
    this.#parts.onChange();
  };
}
