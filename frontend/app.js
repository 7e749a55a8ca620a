/**
 * Puts the page together: makes the parts, joins them, and follows the address.
 * Everything else is in the part it belongs to.
 */

import { Api } from "./api.js";
import { Chat } from "./chat/chat.js";
import { ChatView } from "./chat/chat-view.js";
import { Composer } from "./chat/composer.js";
import { Pickers } from "./chat/pickers.js";
import { Welcome } from "./chat/welcome.js";
import { FilesPanel } from "./files/files-panel.js";
import { announce, byId } from "./kit/dom.js";
import { Drawer, fillTexts } from "./shell/frame.js";
import { Reports } from "./shell/reports.js";
import { Session } from "./shell/session.js";
import { Sidebar } from "./shell/sidebar.js";
import { themeButton } from "./shell/theme.js";
import { Who } from "./shell/who.js";
import { text } from "./strings.js";
import { addressOf, citationIn, conversationIn } from "./text/links.js";
import { whoAmI } from "./wire/server.js";

fillTexts(document);
byId("theme", HTMLElement).append(themeButton());

const api = new Api({
  onLoggedOut: () => session.leave(text.loggedOut),
  onLost: () => session.lost(),
});
const who = new Who({ api, announce, onLeft: (note) => session.leave(note) });
const { report, tell, clear } = new Reports(who, look);
const drawer = new Drawer();
/** @type {ChatView} */
const view = new ChatView({
  onDecide: (answer, callId, decision) => chat.decide(answer, callId, decision),
  onAsked: (card) => {
    announce(card.ariaLabel ?? "");
    if (composer.idle) card.focus({ preventScroll: true }); // the log follows its end
  },
});
const pickers = new Pickers();
const session = new Session(api, {
  enter,
  onBack: () => {
    sidebar.refresh();
    look();
    if (view.empty && conversationIn(location.hash)) goToAddress();
  },
  onError: report,
  tell,
});
const composer = new Composer({
  onSend: (words) => {
    clearReport();
    chat.send(words);
  },
  onStop: () => chat.stop(),
});
const welcome = new Welcome({
  api,
  pickers,
  announce,
  tell,
  onTake: (words) => {
    composer.draft = words;
    composer.focus();
  },
});
const chat = new Chat({
  api,
  view,
  composer,
  pickers,
  onError: report,
  announce,
  onChanged: conversationChanged,
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
let userId = "";

/** Ask which models are there. */
function look() {
  welcome.look().catch(report);
}

function clearReport() {
  if (!session.isLost) clear();
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
  clearReport();
  sidebar.setActive(id);
  if (id) chat.open(id);
  else {
    chat.startNew();
    welcome.suggest();
  }
  composer.focus();
  const cited = citationIn(location.hash);
  if (cited) files.showCitation(cited);
}

/** Show the page to whoever has just logged in. */
async function enter() {
  const user = await whoAmI(api);
  who.show(user);
  byId("page", HTMLElement).hidden = false;
  if (userId && userId !== user.id) {
    sidebar.clear();
    files.clear();
    composer.draft = "";
    history.replaceState(null, "", addressOf(""));
  }
  userId = user.id;
  look();
  goToAddress();
  sidebar.refresh();
}

byId("new-chat", HTMLAnchorElement).addEventListener("click", () => {
  if (location.hash === addressOf("")) goToAddress(); // no change of the address will be told
});
byId("skip", HTMLButtonElement).addEventListener("click", () => composer.focus());
byId("open-tools", HTMLButtonElement).addEventListener("click", () => who.openSettings("tools"));
addEventListener("hashchange", goToAddress);
session.start();
