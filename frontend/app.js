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
import { listenForShortcuts } from "./shell/shortcuts.js";
import { Sidebar } from "./shell/sidebar.js";
import { themeButton } from "./shell/theme.js";
import { Who } from "./shell/who.js";
import { text } from "./strings.js";
import { addressOf, citationIn, conversationIn } from "./text/links.js";
import { whoAmI } from "./wire/server.js";

fillTexts(document);
byId("theme", HTMLElement).append(themeButton);

const api = new Api({ onLoggedOut: () => leave(text.loggedOut), onLost: () => session.lost() });
const drawer = new Drawer();
const view = new ChatView();
const pickers = new Pickers();
/** @type {Composer} */
const composer = new Composer({
  ...{ api, pickers, onError: (error) => report(error) },
  onSend: (words, files) => chat.turns.send(words, files),
  onStop: () => chat.stop(),
  onEditLast: () => chat.messages.editLast(),
});
const who = new Who({ api, announce, logOut: () => session.logOut(), onLeft: leave });
const { report, tell, clear } = new Reports(who, look);
/** @type {Session} */
const session = new Session(api, {
  ...{ enter, tell, onError: report },
  onLeave: async () => {
    composer.drafts.belongTo("");
    await sidebar.settle();
  },
  onBack: () => {
    sidebar.refresh();
    look();
    if (chat.messages.isEmpty && conversationIn(location.hash)) goToAddress();
  },
});
const welcome = new Welcome({
  ...{ api, pickers, announce, tell },
  onTake: (words) => {
    composer.draft = words;
    composer.focus();
  },
});
const chat = new Chat({
  ...{ api, view, composer, pickers, announce, onChanged, onMissing },
  ...{ onError: report, onTry: clearReport },
  onAsked: (card) => {
    announce(card.ariaLabel ?? "");
    if (composer.idle) card.focus({ preventScroll: true }); // the log follows its end
  },
});
const sidebar = new Sidebar({
  api,
  onError: report,
  onRenamed: (id, title) => id === chat.id && view.setTitle(title),
});
const files = new FilesPanel({ api, composer, onRead: (words) => welcome.onRead(words) });
let userId = "";

/** Ask which models are there. */
function look() {
  welcome.look().catch(report);
}

function clearReport() {
  if (!session.isLost) clear();
}

/** @param {string} note why the log-in is asked for */
function leave(note) {
  who.close();
  session.leave(note);
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
  tell(text.noConversation);
}

/** Open what the address names. */
function goToAddress() {
  if (who.follow()) return;
  const id = conversationIn(location.hash);
  drawer.close();
  clearReport();
  if (id) chat.open(id);
  else {
    chat.startNew();
    welcome.suggest();
  }
  sidebar.setActive(id);
  view.setTitle(sidebar.titleOf(id));
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
    history.replaceState(null, "", addressOf(""));
  }
  userId = user.id;
  composer.drafts.belongTo(userId);
  look();
  files.resume();
  goToAddress();
  sidebar.refresh();
}

byId("new-chat", HTMLAnchorElement).addEventListener("click", () => {
  if (location.hash === addressOf("")) goToAddress(); // no change of the address will be told
});
listenForShortcuts(drawer);
byId("skip", HTMLButtonElement).addEventListener("click", () => composer.focus());
byId("open-tools", HTMLButtonElement).addEventListener("click", () => who.openSettings("tools"));
addEventListener("hashchange", goToAddress);
session.start();
