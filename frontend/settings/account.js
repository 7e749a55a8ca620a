/** One's own account: who one is, how the page looks to one, the password, and leaving. */

import { el } from "../kit/dom.js";
import { writePref } from "../kit/prefs.js";
import { setTheme, theme } from "../shell/theme.js";
import { LANGUAGES, language, text } from "../strings.js";
import { ApiError } from "../wire/errors.js";
import { choice, dayOf, field, makeForm } from "./controls.js";

/** @type {Tab} */
export const tab = {
  id: "account",
  title: text.account,
  open: async (host, parts) => {
    const { api, user, logOut, onLeft } = parts;
    const leave = makeForm(text.logout, async () => {
      await logOut();
      return "";
    });
    const leaveAll = makeForm(text.logoutEverywhere, async () => {
      await api.json("/api/auth/sessions", { method: "DELETE" });
      onLeft(text.loggedOutEverywhere);
      return "";
    });
    const speak = (/** @type {string} */ tag) => {
      writePref("language", tag);
      location.reload();
    };
    host.append(
      el("h3", { class: "title" }, user.username),
      el("p", { class: "muted" }, text.since(text.roles[user.role], dayOf(user.created_at))),
      field(text.theme, choice(text.themes, theme(), setTheme)),
      field(text.language, choice(LANGUAGES, language, speak)),
      el("h3", {}, text.changePassword),
      el("p", { class: "muted" }, text.passwordHint),
      passwordForm(parts),
      el("h3", {}, text.sessions),
      el("div", { class: "in-row" }, leave, leaveAll),
    );
  },
};

/**
 * Every log-in ends with the old password: the page logs in with the new one at once.
 * @param {SettingsParts} parts
 */
function passwordForm({ api, user, onLeft }) {
  const password = (/** @type {string} */ name, label = "", kind = "new-password") =>
    field(label, el("input", { name, type: "password", required: true, autocomplete: kind }));
  const work = async (/** @type {FormData} */ data, /** @type {HTMLFormElement} */ form) => {
    const { again, ...body } = Object.fromEntries(data);
    const fresh = String(body.new_password);
    if (again !== fresh) throw new ApiError(text.passwordsDiffer, 400, { param: "again" });
    await api.json("/api/auth/password", { method: "POST", body });
    form.reset();
    await api.loginAnew(user.username, fresh).catch(() => onLeft(text.passwordChangedLogIn));
    return text.passwordChanged;
  };
  return makeForm(
    text.changePassword,
    work,
    // Tells password managers whose password it is.
    el("input", { autocomplete: "username", value: user.username, hidden: true }),
    password("old_password", text.oldPassword, "current-password"),
    password("new_password", text.newPassword),
    password("again", text.newPasswordAgain),
  );
}
