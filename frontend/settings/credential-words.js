/** The words of credentials, which only the settings need: apart from the texts that every visit loads. */

import { language } from "../strings.js";

const en = {
  hint: "Keys of model servers and tools: kept encrypted, never shown again, used at once.",
  sources: {
    environment: "from the environment, which wins",
    stored: "stored here",
    none: "not set",
    unreadable: "stored, but none of the server’s keys opens it: enter it again",
  },
  newValue: "New value",
};

/** @type {typeof en} */
const de = {
  hint: "Schlüssel für Modellserver und Werkzeuge: verschlüsselt, nie gezeigt, sofort benutzt.",
  sources: {
    environment: "aus der Umgebung, die Vorrang hat",
    stored: "hier gespeichert",
    none: "nicht gesetzt",
    unreadable: "gespeichert, aber kein Schlüssel des Servers öffnet es: bitte neu eingeben",
  },
  newValue: "Neuer Wert",
};

export const words = language === "de" ? de : en;
