/** The words about how runs went and ended, which only a conversation needs: apart from the texts that every visit loads. */

import { language } from "../strings.js";

const en = {
  /** @type {Record<string, string>} */
  notices: {
    resumed: "The server had stopped here; the answer goes on.",
    "not stored": "This answer could not be stored.",
  },
  outcomes: {
    retry: "try again",
    failed: "failed",
    timeout: "timed out",
    refused: "refused",
    denied: "not allowed",
  },
  states: {
    cancelled: "Stopped.",
    interrupted: "Interrupted: the server stopped before the answer was complete.",
    failed: "The answer failed.",
    unanswered: "There is no answer to this.",
  },
  queued: (/** @type {number} */ before) =>
    `Waiting for the model, ${before ? `${before} before you` : "you are next"}`,
  planAgain: (/** @type {number} */ round) => `Plan, round ${round}`,
  stepStates: { waiting: "waiting", running: "running", ok: "done", failed: "failed" },
  goOn: "Go on",
  /** @type {Record<string, string>} */
  refusals: {
    insufficient_quota: "What you may use for now is used up; Settings, Usage shows your limits.",
    rate_limit_exceeded:
      "That was more than you may use at once; Settings, Usage shows your limits.",
    overloaded: "The model is busy with other questions.",
    resuming_off:
      "This server lets no interrupted answer go on. “Try again” answers the question anew.",
    run_not_resumable: "This answer cannot go on. “Try again” answers the question anew.",
    run_lost:
      "This answer cannot go on, and tools may have changed something already: ask again, and say what was done.",
    run_not_interrupted:
      "This answer goes on already, or has ended. Load the page again to see it.",
    conversation_gone_on: "The conversation has gone on since; ask again at its end.",
  },
  tooLong: (/** @type {number} */ most) =>
    `Too long: a question takes ${most.toLocaleString("en")} characters.`,
  draftAgain: "What you sent before is a draft again where you wrote it:",
  again: (/** @type {string} */ moment) => `Try again from ${moment} on.`,
  saidNothing: "The model said nothing.",
  verdictPassed: "Checked: nothing is missing.",
  verdictMissing: (/** @type {string[]} */ gaps) => `Checked, still missing: ${gaps.join("; ")}`,
};

/** @type {typeof en} */
const de = {
  notices: {
    resumed: "Hier war der Server stehen geblieben; die Antwort geht weiter.",
    "not stored": "Diese Antwort konnte nicht gespeichert werden.",
  },
  outcomes: {
    retry: "erneut versuchen",
    failed: "fehlgeschlagen",
    timeout: "Zeit überschritten",
    refused: "abgewiesen",
    denied: "nicht erlaubt",
  },
  states: {
    cancelled: "Angehalten.",
    interrupted: "Unterbrochen: Der Server wurde beendet, bevor die Antwort vollständig war.",
    failed: "Die Antwort ist fehlgeschlagen.",
    unanswered: "Hierauf gibt es keine Antwort.",
  },
  queued: (before) =>
    `Wartet auf das Modell, ${before ? `${before} vor dir` : "du bist als Nächstes dran"}`,
  planAgain: (round) => `Plan, Runde ${round}`,
  stepStates: { waiting: "wartet", running: "läuft", ok: "fertig", failed: "fehlgeschlagen" },
  goOn: "Weiter",
  refusals: {
    insufficient_quota:
      "Was du vorerst verbrauchen darfst, ist verbraucht; unter Einstellungen, Nutzung stehen deine Grenzen.",
    rate_limit_exceeded:
      "Das war mehr, als du auf einmal verbrauchen darfst; unter Einstellungen, Nutzung stehen deine Grenzen.",
    overloaded: "Das Modell ist mit anderen Fragen beschäftigt.",
    resuming_off:
      "Dieser Server führt keine unterbrochenen Antworten fort. „Erneut versuchen“ beantwortet die Frage neu.",
    run_not_resumable:
      "Diese Antwort kann nicht weitergehen. „Erneut versuchen“ beantwortet die Frage neu.",
    run_lost:
      "Diese Antwort kann nicht weitergehen, und Werkzeuge haben vielleicht schon etwas verändert: Frag noch einmal und sag, was getan wurde.",
    run_not_interrupted:
      "Diese Antwort geht schon weiter oder ist zu Ende. Lade die Seite neu, um sie zu sehen.",
    conversation_gone_on:
      "Das Gespräch ist inzwischen weitergegangen; frag an seinem Ende noch einmal.",
  },
  tooLong: (most) => `Zu lang: Eine Frage fasst ${most.toLocaleString("de")} Zeichen.`,
  draftAgain: "Was du vorhin gesendet hast, ist dort wieder Entwurf:",
  again: (moment) => `Versuch es ab ${moment} wieder.`,
  saidNothing: "Das Modell hat nichts gesagt.",
  verdictPassed: "Geprüft: Es fehlt nichts.",
  verdictMissing: (gaps) => `Geprüft, es fehlt noch: ${gaps.join("; ")}`,
};

export const told = language === "de" ? de : en;
