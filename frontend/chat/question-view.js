/** Shows one question, and lets it be written anew in its place. */

import { attachedIn, attachedList } from "../files/attached.js";
import { copyButton, el } from "../kit/dom.js";
import { isSendKey } from "../kit/keys.js";
import { text } from "../strings.js";
import { fillBar, waitingButton } from "./message-bar.js";
import { questionKey, reworded, wordsOf } from "./path.js";
import { told } from "./run-words.js";

/** One question in the conversation. */
export class QuestionView {
  #acts;
  #bubble = el("div", { class: "bubble" });
  #bar = el("div", { class: "message-bar" });
  #edit;
  /** @type {HTMLFormElement | null} */
  #editor = null;
  /** @type {Standing} */
  place = { id: "", versions: [] };

  /**
   * @param {unknown} content text, or the parts of a message
   * @param {MessageActs} acts
   */
  constructor(content, acts) {
    this.content = content;
    this.words = wordsOf(content);
    this.#acts = acts;
    this.#edit = waitingButton("edit", text.edit, () => this.edit());
    this.#bubble.textContent = this.words;
    const title = el("h2", { class: "visually-hidden" }, text.you);
    const files = attachedIn(content);
    const chips = files.length > 0 ? [attachedList(files, acts.loadPicture)] : [];
    this.element = el("article", { class: "question" }, title, ...chips, this.#bubble, this.#bar);
  }

  get key() {
    return questionKey(this.words);
  }

  /** @type {(place: Standing) => void} say where it stands among its versions */
  setPlace(place) {
    const same = String(place.versions) === String(this.place.versions);
    this.place = place;
    if (!same) this.fillBar();
  }

  /** Show what can be done with it. */
  fillBar() {
    fillBar(
      this.#bar,
      this,
      this.#acts,
      copyButton(() => this.words),
      this.#edit,
    );
  }

  /** Write it anew, or go on with that: Enter sends, Escape leaves it as it is. */
  edit() {
    if (this.#editor || this.#edit.ariaDisabled === "true") return;
    const [field, note] = this.#writing();
    const back = el("button", { type: "button" }, text.cancel);
    const send = el("button", { class: "primary" }, text.send);
    const buttons = el("div", { class: "dialog-buttons" }, back, send);
    const editor = el("form", { class: "editor" }, field, note, buttons);
    this.#editor = editor;
    const submit = () => {
      const written = field.value.trim();
      if (!written) return;
      this.#acts.drafts.keepEdit(this.place.id, "");
      this.#acts.onEdit(this, reworded(this.content, written));
    };
    back.addEventListener("click", () => this.#leave());
    editor.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    editor.addEventListener("keydown", (event) => {
      const leaves = event.key === "Escape" && !event.isComposing;
      const sends = event.target === field && isSendKey(event);
      if (!leaves && !sends) return;
      event.preventDefault(); // Escape would stop an answer as well
      if (sends) submit();
      else this.#leave();
    });
    this.#bubble.replaceWith(editor);
    this.#bar.hidden = true;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  /** @type {() => [HTMLTextAreaElement, HTMLElement]} make the field, whose words are kept, and what says that more is too much */
  #writing() {
    const { drafts } = this.#acts;
    const label = { "aria-label": text.editMessage, dir: "auto", maxlength: "200000" };
    const field = el("textarea", label); // as long as the message box
    const note = el("p", { class: "attach-note", role: "status" });
    const keep = () => drafts.keepEdit(this.place.id, field.value);
    field.value = drafts.editOf(this.place.id) || this.words;
    keep();
    field.addEventListener("input", keep);
    field.addEventListener("beforeinput", (event) => {
      const { value, selectionStart: from, selectionEnd: to, maxLength: most } = field;
      const length = value.length - (to - from) + (event.data?.length ?? -most);
      note.textContent = length > most ? told.tooLong(most) : "";
      if (length > most) event.preventDefault(); // the browser would cut it off without a word
    });
    return [field, note];
  }

  #leave() {
    this.#acts.drafts.keepEdit(this.place.id, "");
    this.#editor?.replaceWith(this.#bubble);
    this.#editor = null;
    this.#bar.hidden = false;
    this.#edit.focus();
  }
}
