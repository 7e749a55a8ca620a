/** The conversation: what shows one is loaded when one is opened, or when somebody begins to write. */

import { byId, styled } from "../kit/dom.js";
import { Later } from "../kit/later.js";
import { readPref } from "../kit/prefs.js";
import { conversationIn } from "../text/links.js";

const none = () => undefined;

/** @type {(parts: ChatParts) => Later<Chat>} */
export function laterChat(parts) {
  const chat = new Later(async () => {
    import("../text/reader.js").then((reader) => reader.loadLibraries(), none); // meanwhile
    const [{ Chat }] = await Promise.all([import("./chat.js"), styled("work")]);
    return new Chat(parts);
  }, parts.onLost);
  if (conversationIn(location.hash) && readPref("session") === "yes") chat.load();
  byId("message", HTMLTextAreaElement).addEventListener("input", () => chat.load());
  return chat;
}
