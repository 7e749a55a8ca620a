/** The words about how runs went and ended, which only a conversation needs: apart from the texts that every visit loads. */

import { language } from "../strings.js";

const en = {
  /** @type {Record<string, string>} */
  notices: {
    resumed: "The server had stopped here; the answer goes on.",
    "not stored": "This answer could not be stored.",
  },
};

/** @type {typeof en} */
const de = {
  notices: {
    resumed: "Hier war der Server stehen geblieben; die Antwort geht weiter.",
    "not stored": "Diese Antwort konnte nicht gespeichert werden.",
  },
};

export const words = language === "de" ? de : en;
