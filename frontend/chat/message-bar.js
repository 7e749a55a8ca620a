/** What stands under a message: the quiet row of what can be done with it, how it ended, its sources. */

import { announce, copyButton, el, iconButton, outsideLink, styled } from "../kit/dom.js";
import { text } from "../strings.js";
import { isWebAddress } from "../text/links.js";
import { hostOf } from "./known.js";
import { told } from "./run-words.js";

/**
 * Make a button that is off while an answer is being given, with the reason.
 * @param {IconName} name
 * @param {string} label
 * @param {() => void} act
 * @param {boolean} [possible] whether there is anything to do at all
 */
export function waitingButton(name, label, act, possible = true) {
  const button = iconButton(name, label, () => {
    if (button.ariaDisabled !== "true") act();
    else if (possible) announce(button.title);
  });
  if (possible) button.dataset.waits = label;
  else button.ariaDisabled = "true";
  return button;
}

/**
 * Switch all those buttons off or on again.
 * @param {HTMLElement} host
 * @param {boolean} busy
 */
export function setWaiting(host, busy) {
  for (const one of host.querySelectorAll("[data-waits]")) {
    const button = /** @type {HTMLElement} */ (one);
    button.ariaDisabled = String(busy);
    button.title = busy ? text.busy : (button.dataset.waits ?? "");
  }
}

/**
 * Fill the row under a message; the switch is there when there is more than one version.
 * @type {(bar: HTMLElement, view: MessageView, acts: MessageActs, ...buttons: HTMLElement[]) => void}
 */
export function fillBar(bar, view, { onVersion }, ...buttons) {
  const { id, versions } = view.place;
  const at = Math.max(versions.indexOf(id), 0);
  /** @type {(name: IconName, label: string, to: number) => HTMLElement} */
  const step = (name, label, to) => {
    const other = versions[to];
    return waitingButton(name, label, () => other && onVersion(view, other, to < at), !!other);
  };
  const others = el(
    "span",
    { class: "versions", role: "group", "aria-label": text.versions },
    step("back", text.earlierVersion, at - 1),
    `${at + 1}/${versions.length}`,
    step("chevron", text.laterVersion, at + 1),
  );
  bar.replaceChildren(...(versions.length > 1 ? [others] : []), ...buttons);
}

/**
 * Put the focus back on the switch of a message that has taken the place of another.
 * @param {HTMLElement | undefined} element
 * @param {boolean} back which of its two buttons
 */
export function focusSwitch(element, back) {
  const button = element?.querySelector(`.versions > :${back ? "first" : "last"}-child`);
  if (button instanceof HTMLElement) button.focus({ preventScroll: true });
}

/** @type {(bar: HTMLElement, answer: AnswerView, acts: MessageActs) => void} */
export function fillAnswerBar(bar, answer, acts) {
  const { source, state, runId } = answer;
  const buttons = source ? [copyButton(() => answer.source)] : [];
  if (state === "completed") {
    buttons.push(waitingButton("again", text.regenerate, () => acts.onAgain(answer)));
  }
  if (runId) {
    const info = iconButton("info", text.runInfo, async () => {
      const loading = Promise.all([import("./run-info.js"), styled("run")]);
      const loaded = await loading.catch(() => null);
      if (!loaded) return announce(text.unreachable);
      loaded[0].showRunInfo(
        info,
        () => acts.loadRun(runId),
        (mode) => acts.onAgain(answer, mode),
      );
    });
    info.ariaHasPopup = "dialog";
    buttons.push(info);
  }
  fillBar(bar, answer, acts, ...buttons);
}

/** @type {(answer: AnswerView, acts: MessageActs) => HTMLElement[]} say how it ended if not well, with a way on */
export function endNote(answer, acts) {
  const { state, note } = answer;
  if (!note) return [];
  const lost = state === "lost";
  const label = lost ? text.loadAgain : text.tryAgain;
  const retry = waitingButton("again", label, () =>
    lost ? acts.onReload() : acts.onAgain(answer),
  );
  retry.className = "retry";
  retry.append(label);
  const goOn = waitingButton("again", text.resume, () => acts.onResume(answer));
  goOn.className = "go-on";
  goOn.append(told.goOn);
  const ways = state === "interrupted" && answer.runId ? [goOn, retry] : [retry];
  const failed = lost || state === "failed" ? " failed" : "";
  return [el("p", { class: `end-note${failed}` }, el("span", {}, note), ...ways)];
}

/** @type {(sources: ReadonlyMap<number, Citation>) => HTMLElement[]} list them by their numbers */
export function sourceList(sources) {
  if (sources.size === 0) return [];
  const items = [...sources].map(([number, { title, url = "" }]) => {
    const words = [
      el("span", { class: "cite" }, String(number)),
      el("span", { class: "source-title" }, title),
      el("span", { class: "source-host" }, hostOf(url)),
    ];
    const link = isWebAddress(url) ? outsideLink(url, {}, ...words) : el("span", {}, ...words);
    return el("li", {}, link);
  });
  return [el("ol", { class: "sources", "aria-label": text.sources }, ...items)];
}
