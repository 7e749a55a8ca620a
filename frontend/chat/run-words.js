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
  saidNothing: "Das Modell hat nichts gesagt.",
  verdictPassed: "Geprüft: Es fehlt nichts.",
  verdictMissing: (gaps) => `Geprüft, es fehlt noch: ${gaps.join("; ")}`,
};

export const told = language === "de" ? de : en;
