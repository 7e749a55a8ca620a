/** The questions and answers of a conversation in order, of which one and what follows it may give way. */

import { byId } from "../kit/dom.js";
import { AnswerView } from "./answer-view.js";
import { Known } from "./known.js";
import { Later } from "./later.js";
import { setWaiting } from "./message-bar.js";
import { placeOf, shownOf } from "./path.js";
import { QuestionView } from "./question-view.js";
import { ScrollFollower } from "./scroll.js";

/** @type {(view: MessageView | undefined) => view is QuestionView} */
const isQuestion = (view) => view instanceof QuestionView;

/** Holds the views of messages. */
export class MessageList {
  #log = byId("log", HTMLElement);
  #scroller = byId("scroller", HTMLElement);
  #busy = false;
  /** @type {MessageView[]} */
  #views = [];
  #does;
  scroll = new ScrollFollower(this.#scroller, this.#log, byId("to-end", HTMLButtonElement));
  later = new Later(this.#scroller, (filled) => this.#busy && setWaiting(filled, true));
  known = new Known();

  /** @param {Omit<AnswerDoes, "onKnown">} does */
  constructor(does) {
    const onKnown = () => this.answers.forEach((one) => void (one.lacks && one.render()));
    this.#does = { ...does, onKnown };
  }

  get isEmpty() {
    return this.#views.length === 0;
  }

  get answers() {
    return this.#views.filter((one) => one instanceof AnswerView);
  }

  clear() {
    this.later.clear();
    this.known = new Known();
    this.scroll.toStart();
    this.drop(0);
  }

  /** @param {unknown} content text, or the parts of a message */
  ask(content) {
    const question = new QuestionView(content, this.#does);
    this.known.hear(question.words);
    return this.#add(question);
  }

  /** @type {(runId?: string, trace?: TraceView) => AnswerView} add an answer */
  answer(runId, trace) {
    return this.#add(new AnswerView(this.known, this.#does, runId, trace));
  }

  /** @param {MessageView} view */
  indexOf(view) {
    return this.#views.indexOf(view);
  }

  /** @param {number} index */
  at(index) {
    return this.#views[index];
  }

  /** @type {(view?: MessageView) => string} give the last id that is known before a message, or of all */
  before(view) {
    const views = this.#views.slice(0, view && this.indexOf(view));
    return views.findLast((one) => one.place.id)?.place.id ?? "";
  }

  /** @type {(index: number) => MessageView[]} take away the messages from there on */
  drop(index) {
    const gone = this.#views.splice(index);
    for (const one of gone) one.element.remove();
    return gone;
  }

  /** @type {(from?: MessageView) => () => void} take away a message and all that follows; give a way to have it all back */
  cut(from) {
    const index = from ? this.indexOf(from) : this.#views.length;
    const back = this.scroll.mark();
    const { activeElement: focused } = document;
    const gone = this.drop(index);
    return () => {
      this.drop(index);
      for (const one of gone) this.#add(one);
      back();
      const had = gone.some(({ element }) => element.contains(focused));
      if (had && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    };
  }

  /**
   * Take over where messages stand by now; false when they are not those that are shown.
   * @param {readonly StoredMessage[]} messages those that follow the message `after`
   */
  place(messages, after = "") {
    const shown = shownOf(messages);
    const kept = new Set(shown.map(({ key }) => key));
    const from = after ? this.#views.findIndex(({ place }) => place.id === after) + 1 : 0;
    const views = this.#views.slice(from).filter((one) => isQuestion(one) || kept.has(one.key));
    if (String(shown.map(({ key }) => key)) !== String(views.map(({ key }) => key))) return false;
    for (const [at, { stored }] of shown.entries()) views[at]?.setPlace(placeOf(stored));
    return true;
  }

  /** @type {(busy: boolean) => void} say whether something is under way that nothing may disturb */
  setBusy(busy) {
    this.#busy = busy;
    setWaiting(this.#log, busy);
  }

  /** @type {(index: number, end?: number) => void} fill messages that wait for it */
  fill(index, end) {
    for (const { element } of this.#views.slice(index, end)) this.later.now(element);
  }

  /** @type {(answer: AnswerView) => QuestionView | undefined} give what an answer is to */
  questionOf(answer) {
    return this.#views.slice(0, this.indexOf(answer)).findLast(isQuestion);
  }

  /** Write the last question anew. */
  edit() {
    this.#views.findLast(isQuestion)?.edit();
  }

  /** The questions that were being written anew. */
  get begun() {
    const { drafts } = this.#does;
    return this.#views.filter(isQuestion).filter(({ place }) => drafts.editOf(place.id));
  }

  /**
   * @template {MessageView} T
   * @param {T} view
   */
  #add(view) {
    this.#views.push(view);
    this.#log.append(view.element);
    return view;
  }
}
