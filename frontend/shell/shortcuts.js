/** Keys that work wherever one is; tooltips tell them. */

import { byId } from "../kit/dom.js";
import { text } from "../strings.js";

const COMMAND = /Mac|iP/.test(navigator.userAgent) ? "⌘" : `${text.ctrl}+`;
const TYPING = ":is(input, textarea, select):focus";

/** @type {(drawer: Drawer) => void} */
export function listenForShortcuts(drawer) {
  const search = byId("search", HTMLInputElement);
  const newChat = byId("new-chat", HTMLAnchorElement);
  search.title = `${text.search} (${COMMAND}K)`;
  newChat.title = `${text.newChat} (${COMMAND}${text.shift}+O)`;
  const find = () => {
    drawer.open();
    if (!search.checkVisibility()) byId("close-files", HTMLButtonElement).click(); // in its place
    search.select();
  };
  document.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey } = event;
    const held = ctrlKey || metaKey ? `Ctrl+${key}` : document.querySelector(TYPING) ? "" : key;
    const act = { "Ctrl+k": find, "/": find, "Ctrl+O": () => newChat.click() }[held];
    if (!act || document.querySelector("#page[hidden], dialog[open]")) return;
    event.preventDefault();
    act();
  });
}
