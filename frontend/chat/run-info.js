/** Tells how an answer was made: which way was taken and why, the model, time and tokens. */

import { el } from "../kit/dom.js";
import { named, text } from "../strings.js";
import { wordsOf } from "../wire/errors.js";
import { told } from "./run-words.js";

/**
 * Open it beside its button; Escape and a click elsewhere close it.
 * @type {(button: HTMLElement, load: () => Promise<Run>, onAgain: (mode: string) => void) => Promise<void>}
 */
export async function showRunInfo(button, load, onAgain) {
  const box = el("div", { class: "run-info", popover: "auto", role: "dialog", tabindex: "-1" });
  box.ariaLabel = text.runInfo;
  box.append(el("p", { class: "muted" }, text.loadingWork));
  button.after(box);
  box.addEventListener("toggle", ({ newState }) => {
    if (newState === "closed") box.remove();
  });
  box.showPopover({ source: button });
  box.focus();
  try {
    const run = await load();
    const facts = factsOf(run).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
    box.replaceChildren(el("dl", {}, ...facts.flat()), againAs(box, onAgain));
  } catch (error) {
    box.replaceChildren(el("p", { class: "end-note failed" }, wordsOf(error)));
  }
}

/** @type {(run: Run) => [string, string][]} leaves out what is not known */
function factsOf({ model, state, duration_ms, trace: { route, usage, error } }) {
  const sure = route && route.confidence < 1 ? text.confidence(route.confidence) : "";
  /** @type {[string, string][]} */
  const facts = [
    [text.way, route ? named(text.routes, route.route) : ""],
    [text.why, [route?.reason, sure].filter(Boolean).join(" · ")],
    [text.model, model],
    [text.time, duration_ms ? text.seconds(duration_ms) : ""],
    [text.tokens, usage ? text.tokenCounts(usage.prompt_tokens, usage.completion_tokens) : ""],
    [text.ending, error || (state in told.states ? named(told.states, state) : "")],
  ];
  return facts.filter(([, value]) => value);
}

/** @type {(box: HTMLElement, onAgain: (mode: string) => void) => HTMLElement} */
function againAs(box, onAgain) {
  const buttons = Object.entries(text.modes).map(([mode, label]) => {
    const button = el("button", { type: "button", class: "retry" }, label);
    button.addEventListener("click", () => {
      box.hidePopover();
      onAgain(mode);
    });
    return button;
  });
  return el(
    "p",
    { class: "again-as", role: "group", "aria-label": text.againAs },
    el("span", {}, text.againAs),
    ...buttons,
  );
}
