/**
 * Puts the page together: makes the parts, joins them, and follows the address.
 * Everything else is in the part it belongs to.
 */

import { Api } from "./api.js";
import { ChatView } from "./chat/chat-view.js";
import { Composer } from "./chat/composer.js";
import { laterChat } from "./chat/later-chat.js";
import { Pickers } from "./chat/pickers.js";
import { Welcome } from "./chat/welcome.js";
import { Documents } from "./files/documents.js";
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

const onLost = () => session.lost();
const api = new Api({ onLoggedOut: () => session.leave(text.loggedOut), onLost });
const drawer = new Drawer();
const view = new ChatView();
const pickers = new Pickers();
/** @type {Composer} */
const composer = new Composer({
  ...{ api, pickers, onError: (error) => report(error) },
  onSend: (words, files, giveBack) => {
    chat.want((it) => it.turns.send(words, files, giveBack), giveBack);
  },
  onStop: () => chat.now?.stop(),
  onEditLast: () => chat.now?.messages.edit(),
});
const who = new Who({
  ...{ api, announce, logOut: () => session.logOut(), onLeft: (note) => session.leave(note) },
  onError: (error) => report(error),
});
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
    documents.resume();
    if (!chat.now?.messages.at(0) && conversationIn(location.hash)) goToAddress();
  },
});
const welcome = new Welcome({ api, pickers, composer, announce, tell });
const chat = laterChat({
  ...{ api, view, composer, pickers, announce, onChanged, onMissing },
  ...{ onError: report, onLost, onTry: clearReport },
  onCited: (id) => documents.showCitation(id),
  onFile: (id) => documents.showFile(id),
});
const sidebar = new Sidebar({
  api,
  onError: report,
  onRenamed: (id, title) => id === chat.now?.id && view.setTitle(title),
});
const onRead = (/** @type {string} */ words) => welcome.onRead(words);
const documents = new Documents({ api, composer, onRead, onLost });
let userId = "";

/** Ask which models are there. */
function look() {
  welcome.look().catch(report);
}

function clearReport() {
  if (!session.isLost) clear();
}

/** @param {string} id */
async function onChanged(id) {
  const isThere = who.isOpen || conversationIn(location.hash) === id;
  if (!isThere) history.replaceState(null, "", addressOf(id));
  sidebar.setActive(id);
  await sidebar.refresh();
  if (id === chat.now?.id && sidebar.titleOf(id)) view.setTitle(sidebar.titleOf(id));
}

/** Offer a new conversation in the place of one that is not there. */
function onMissing() {
  show("");
  onChanged("");
  tell(text.noConversation);
}

/** @type {(id: string) => void} show a conversation, or "" for a new one */
function show(id) {
  composer.drafts.open(id);
  composer.scope.open();
  view.setTitle(sidebar.titleOf(id));
  view.setWelcome(!id);
  if (id || chat.isWanted) chat.want((it) => it.open(id));
}

/** Open what the address names. */
function goToAddress() {
  if (who.follow() || byId("page", HTMLElement).hidden) return;
  const id = conversationIn(location.hash);
  drawer.close();
  clearReport();
  show(id);
  if (!id) welcome.suggest();
  sidebar.setActive(id);
  composer.focus();
  const cited = citationIn(location.hash);
  if (cited) documents.showCitation(cited);
}

/** Show the page to whoever has just logged in. */
async function enter() {
  const user = await whoAmI(api);
  who.show(user);
  byId("page", HTMLElement).hidden = false;
  if (userId && userId !== user.id) {
    sidebar.clear();
    documents.clear();
    history.replaceState(null, "", addressOf(""));
  }
  userId = user.id;
  composer.drafts.belongTo(userId);
  look();
  documents.resume();
  goToAddress();
  sidebar.refresh();
}

byId("new-chat", HTMLAnchorElement).addEventListener("click", () => {
  if (location.hash === addressOf("")) goToAddress(); // no change of the address will be told
});
listenForShortcuts(drawer);
addEventListener("hashchange", goToAddress);
session.start();
