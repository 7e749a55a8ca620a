/**
 * Puts the page together: makes the parts, joins them, and follows the address and the log-in.
 * Everything else is in the part it belongs to.
 */

import { Api } from "./api.js";
import { Chat } from "./chat/chat.js";
import { ChatView } from "./chat/chat-view.js";
import { Pickers } from "./chat/choices.js";
import { Composer, offerTools } from "./chat/composer.js";
import { FilesPanel } from "./files/files-panel.js";
import { announce, byId } from "./kit/dom.js";
import { readPref, writePref } from "./kit/prefs.js";
import { Banner, Drawer, fillTexts } from "./shell/frame.js";
import { Login } from "./shell/login.js";
import { listenForShortcuts } from "./shell/shortcuts.js";
import { Sidebar } from "./shell/sidebar.js";
import { themeButton } from "./shell/theme.js";
import { Who } from "./shell/who.js";
import { text } from "./strings.js";
import { addressOf, citationIn, conversationIn } from "./text/links.js";
import { ApiError, wordsOf } from "./wire/events.js";
import { listModels, listTools, original, whoAmI } from "./wire/server.js";

fillTexts(document);
byId("theme", HTMLElement).append(themeButton);

const page = byId("page", HTMLElement);
const api = new Api({ onLoggedOut: () => leave(text.loggedOut) });
const banner = new Banner();
const drawer = new Drawer();
/** @type {ChatView} */
const view = new ChatView({
  onDecide: (answer, callId, decision) => chat.decide(answer, callId, decision),
  onAsked: (card) => {
    announce(card.ariaLabel ?? "");
    if (composer.idle) card.focus({ preventScroll: true }); // the log follows its end
  },
  onPicture: (id) => original(api, id),
});
const pickers = new Pickers();
const login = new Login(async (username, password) => {
  await api.login(username, password);
  writePref("session", "yes");
  await enter();
});
const composer = new Composer({
  ...{ api, pickers, onError: report },
  onSend: (words, files) => {
    banner.clear();
    chat.send(words, files);
  },
  onStop: () => chat.stop(),
});
const joined = { api, view, composer, pickers, announce, onChanged, onMissing };
const chat = new Chat({ ...joined, onError: report });
const sidebar = new Sidebar({
  api,
  onError: report,
  onRenamed: (id, title) => id === chat.id && view.setTitle(title),
});
const files = new FilesPanel({ api, composer });
const who = new Who({ api, announce, composer, onLeft: leave });
offerTools(() => listTools(api), report);
let userId = "";

/** @param {unknown} error */
function report(error) {
  if (error instanceof ApiError && error.status === 401) return; // the log-in form says it
  banner.show(wordsOf(error));
}

/** @param {string} id */
async function onChanged(id) {
  if (conversationIn(location.hash) !== id) history.replaceState(null, "", addressOf(id));
  sidebar.setActive(id);
  await sidebar.refresh();
  if (id === chat.id && sidebar.titleOf(id)) view.setTitle(sidebar.titleOf(id));
}

/** Offer a new conversation in the place of one that is not there. */
function onMissing() {
  chat.startNew();
  onChanged("");
  banner.show(text.noConversation, { calm: true });
}

/** Open what the address names. */
function goToAddress() {
  if (who.follow()) return;
  const id = conversationIn(location.hash);
  drawer.close();
  banner.clear();
  if (id) chat.open(id);
  else chat.startNew();
  sidebar.setActive(id);
  view.setTitle(sidebar.titleOf(id));
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
    composer.draft = "";
    history.replaceState(null, "", addressOf(""));
  }
  userId = user.id;
  files.resume();
  goToAddress();
  await sidebar.refresh();
}

/** @param {string} note why the log-in is asked for */
function leave(note) {
  writePref("session", "");
  who.close();
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
listenForShortcuts(drawer);
byId("skip", HTMLButtonElement).addEventListener("click", () => composer.focus());
addEventListener("hashchange", goToAddress);
start();
