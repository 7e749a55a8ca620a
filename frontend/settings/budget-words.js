/** The words of budgets, which only the settings need: apart from the texts that every visit loads. */

import { language } from "../strings.js";

const en = {
  budgets: "Budgets",
  own: "Only what is set here; budgets of everybody bind besides.",
  key: "API key",
  noKey: "Logged in",
  goneKey: "Revoked key",
  resource: "What",
  period: "In",
  limit: "At most",
  set: "Set",
  remove: "Remove",
  resources: {
    requests: "Requests",
    tokens: "Tokens",
    concurrent_runs: "Answers at once",
    upload_bytes: "Bytes of uploads",
  },
  periods: { minute: "a minute", hour: "an hour", day: "a day", month: "a month" },
  scopes: { key: "of an API key", model: "of all users of" },
};

/** @type {typeof en} */
const de = {
  budgets: "Budgets",
  own: "Nur was hier gesetzt ist; Budgets für alle gelten außerdem.",
  key: "API-Schlüssel",
  noKey: "Angemeldet",
  goneKey: "Widerrufener Schlüssel",
  resource: "Was",
  period: "In",
  limit: "Höchstens",
  set: "Setzen",
  remove: "Entfernen",
  resources: {
    requests: "Anfragen",
    tokens: "Tokens",
    concurrent_runs: "Antworten zugleich",
    upload_bytes: "Bytes hochgeladen",
  },
  periods: { minute: "einer Minute", hour: "einer Stunde", day: "einem Tag", month: "einem Monat" },
  scopes: { key: "eines API-Schlüssels", model: "aller Nutzer von" },
};

export const words = language === "de" ? de : en;

/** @type {(budget: BudgetName) => string} names a budget, as "Tokens · a day" */
export function nameOf({ scope, subject, model, resource, period }) {
  const { resources, periods, scopes } = words;
  const parts = [resources[resource]];
  if (period !== "now") parts.push(periods[period]);
  if (scope === "key") parts.push(scopes.key);
  if (scope === "model") parts.push(`${scopes.model} ${subject}`);
  if (model) parts.push(model);
  return parts.join(" · ");
}
