/** Shows messages that are stored, and other versions of them in their place. */

import { markSought } from "../text/sought.js";
import { focusSwitch } from "./message-bar.js";
import { placeOf, shownOf, wordsOf } from "./path.js";
import { recall, storedTrace } from "./stored-trace.js";

// What a tall screen may show; the rest is filled after it.
const AT_ONCE = 8;

/**
 * Show the messages of a conversation from its end, or from the newest that holds what is `sought`; what was
 * being written anew still is.
 * @type {(list: MessageList, found: FullConversation, loadRun: LoadRun, sought: string) => AnswerView[]}
 * @returns those that are to be followed: of the run that is answering, and of runs that wait or left nothing
 */
export function showStored(list, found, loadRun, sought) {
  const shown = shownOf(found.messages);
  const following = addAll(list, shown, found.active_run_id, loadRun);
  list.fill(-AT_ONCE);
  list.scroll.toEnd();
  for (const one of list.begun) one.edit();
  markSought(document.body, "");
  if (folded(sought)) goTo(list, shown, folded(sought));
  recall(list.answers, list.known, loadRun);
  return following;
}

/** @param {string} words as the server compares them */
const folded = (words) => words.trim().normalize("NFKC").toLowerCase();

/** @type {(list: MessageList, shown: ShownMessage[], sought: string) => void} stay at the end without */
function goTo(list, shown, sought) {
  const holds = shown.findLast(({ stored }) =>
    folded(wordsOf(stored.message.content)).includes(sought),
  );
  let at = 0;
  while (list.at(at) && list.at(at)?.place.id !== holds?.stored.id) at += 1;
  const view = list.at(at);
  if (!view) return;
  list.later.now(view.element);
  list.scroll.mark()(); // the end is not followed
  view.element.scrollIntoView();
  markSought(view.element, sought);
}

/**
 * Show the version that took the place of a message, with what follows it, where that was.
 * @type {(list: MessageList, gone: MessageView, found: FullConversation, loadRun: LoadRun, back: boolean) => AnswerView[]}
 * @returns as above
 */
export function exchange(list, gone, found, loadRun, back) {
  const index = list.indexOf(gone);
  const shown = shownOf(found.messages);
  const from = shown.findIndex(({ stored }) => gone.place.versions.includes(stored.id));
  /** @type {AnswerView[]} */
  let following = [];
  list.scroll.hold(() => {
    list.drop(index);
    following = addAll(list, shown.slice(from), found.active_run_id, loadRun);
    list.fill(index, index + AT_ONCE);
  });
  recall(list.answers, list.known, loadRun);
  focusSwitch(list.at(index)?.element, back);
  return following;
}

/** @type {(list: MessageList, shown: ShownMessage[], active: string | null, loadRun: LoadRun) => AnswerView[]} */
function addAll(list, shown, active, loadRun) {
  const runs = shown.flatMap(({ stored, asked, unanswered }, at) => {
    if (!asked && active && stored.run_id === active) return list.answer(active); // it goes on
    if (!asked) return addAnswer(list, stored, loadRun);
    const view = list.ask(stored.message.content);
    view.place = placeOf(stored);
    list.later.add(view.element, () => view.fillBar());
    const runId = (at === shown.length - 1 && active) || stored.run_id;
    return unanswered && runId ? list.answer(runId) : [];
  });
  if (active && runs.every(({ runId }) => runId !== active)) runs.push(list.answer(active));
  return runs.filter(({ state }) => state === "" || state === "waiting");
}

/** @type {(list: MessageList, stored: StoredMessage, loadRun: LoadRun) => AnswerView} */
function addAnswer(list, stored, loadRun) {
  const { message, state, run_id } = stored;
  const runId = run_id ?? "";
  const told = runId && state !== "waiting"; // one that waits is told again as it goes on
  const view = list.answer(runId, told ? storedTrace(() => loadRun(runId)) : undefined);
  const { annotations = [] } = message;
  list.known.note({ citations: annotations.map((one) => one.url_citation) });
  view.place = placeOf(stored);
  view.state = state;
  list.later.add(view.element, () => {
    view.handle({ kind: "content", text: wordsOf(message.content) });
    if (annotations.length > 0) view.handle({ kind: "annotations", annotations });
    view.finish(state);
  });
  return view;
}
