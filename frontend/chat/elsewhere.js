/** Notices that a conversation has gone on elsewhere, as in another tab, when somebody looks at the page again. */

import { byId } from "../kit/dom.js";
import { getConversation } from "../wire/server.js";

/** @typedef {import("../wire/errors.js").ApiError} ApiError */

/** @type {(api: Api, chat: Chat) => void} opens it anew when it is not what is shown any more */
export function noticeElsewhere(api, chat) {
  const page = byId("page", HTMLElement);
  document.addEventListener("visibilitychange", async () => {
    const { id, signal, turns, listener } = chat;
    const open = !document.hidden && !page.hidden && id;
    if (!open || turns.isBusy) return;
    await listener.look();
    if (turns.isBusy || (await isCurrent(api, chat))) return;
    if (!signal.aborted && !turns.isBusy) chat.open(id);
  });
}

/** @type {(api: Api, chat: Chat) => Promise<boolean>} also when that cannot be found out */
async function isCurrent(api, { id, messages, signal }) {
  const after = messages.before();
  try {
    const found = await getConversation(api, id, { signal, after });
    return !found.active_run_id && messages.place(found.messages, after);
  } catch (error) {
    // It is gone, or its last message is not the one that is shown.
    return /** @type {ApiError} */ (error).status !== 404;
  }
}
