/**
 * Puts the page together: makes the parts, joins them, and follows the address and the log-in.
 * Everything else is in the part it belongs to.
 */

import { Api } from "./api.js";
import { Chat } from "./chat/chat.js";
import { ChatView } from "./chat/chat-view.js";
import { Composer } from "./chat/composer.js";
import { offerTools, Pickers } from "./chat/pickers.js";
import { FilesPanel } from "./files/files-panel.js";
import { announce, byId } from "./kit/dom.js";
import { readPref, writePref } from "./kit/prefs.js";
import { Banner, Drawer, fillTexts } from "./shell/frame.js";
import { Login } from "./shell/login.js";
import { Sidebar } from "./shell/sidebar.js";
import { themeButton } from "./shell/theme.js";
import { Who } from "./shell/who.js";
import { text } from "./strings.js";
import { addressOf, citationIn, conversationIn } from "./text/links.js";
import { ApiError, wordsOf } from "./wire/events.js";
import { listModels, listTools, whoAmI } from "./wire/server.js";

fillTexts(document);
byId("theme", HTMLElement).append(themeButton());

const page = byId("page", HTMLElement);
const api = new Api({ onLoggedOut: () => leave(text.loggedOut) });
const banner = new Banner();
const drawer = new Drawer();
const view = new ChatView();
const pickers = new Pickers();
const login = new Login(async (username, password) => {
  await api.login(username, password);
  writePref("session", "yes");
  await enter();
});
const composer = new Composer({
  onSend: (words) => chat.turns.send(words),
  onStop: () => chat.stop(),
  onEditLast: () => chat.messages.editLast(),
});
const chat = new Chat({
  api,
  view,
  composer,
  pickers,
  onError: report,
  announce,
  onTry: () => banner.clear(),
  onChanged: conversationChanged,
  onAsked: (card) => {
    announce(card.ariaLabel ?? "");
    if (composer.idle) card.focus({ preventScroll: true }); // the log follows its end
  },
});
const sidebar = new Sidebar({
  api,
  onError: report,
  onRenamed: (id, title) => {
    if (id === chat.id) view.setTitle(title);
  },
  onRemoved: (id) => {
    if (id === chat.id) location.hash = addressOf("");
  },
});
const files = new FilesPanel({ api, announce });
const who = new Who({ api, announce, onLeft: leave });
offerTools(() => listTools(api), report);
let userId = "";

/** @param {unknown} error */
function report(error) {
  if (error instanceof ApiError && error.status === 401) return; // the log-in form says it
  banner.show(wordsOf(error));
}

/** @param {string} id */
async function conversationChanged(id) {
  if (conversationIn(location.hash) !== id) history.replaceState(null, "", addressOf(id));
  sidebar.setActive(id);
  await sidebar.refresh();
  if (id === chat.id && sidebar.titleOf(id)) view.setTitle(sidebar.titleOf(id));
}

/** Open what the address names. */
function goToAddress() {
  const id = conversationIn(location.hash);
  drawer.close();
  banner.clear();
  sidebar.setActive(id);
  if (id) chat.open(id);
  else chat.startNew();
  composer.focus();
  const cited = citationIn(location.hash);
  if (cited) files.showCitation(cited);
}

/** Show the page to whoever has just logged in. */
async function enter() {
  const user = await whoAmI(api);
  const models = await listModels(api).catch((error) => {
    report(error);
    return [];
  });
  who.show(user);
  view.setServer(pickers.offer(models));
  login.hide();
  page.hidden = false;
  if (userId && userId !== user.id) {
    sidebar.clear();
    files.clear();
    history.replaceState(null, "", addressOf(""));
  }
  userId = user.id;
  composer.belongTo(userId);
  goToAddress();
  await sidebar.refresh();
}

/** @param {string} note why the log-in is asked for */
function leave(note) {
  writePref("session", "");
  page.hidden = true;
  login.show(note);
}

async function start() {
  try {
    if (readPref("session") && (await api.renew())) await enter();
    else leave("");
  } catch (error) {
    login.show(wordsOf(error));
  }
}

byId("new-chat", HTMLAnchorElement).addEventListener("click", () => {
  if (location.hash === addressOf("")) goToAddress(); // no change of the address will be told
});
byId("skip", HTMLButtonElement).addEventListener("click", () => composer.focus());
byId("logout", HTMLButtonElement).addEventListener("click", async () => {
  await api.logout().catch(report);
  composer.belongTo("");
  writePref("session", "");
  location.replace(location.pathname);
});
addEventListener("hashchange", goToAddress);
start();
