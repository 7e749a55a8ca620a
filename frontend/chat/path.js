/** The messages of a conversation as they are shown: what of them, and with which words. Pure. */

/** @type {(content: unknown) => string} give the text of a message, which may come in parts */
export function wordsOf(content) {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [];
  return parts.flatMap((part) => part?.text ?? []).join("\n");
}

/** @type {(words: string, files: readonly AttachedFile[]) => unknown} give the content of a message with files */
export function withFiles(words, files) {
  const parts = files.map(({ file_id, filename }) => ({
    type: "file",
    file: { file_id, filename },
  }));
  return parts.length > 0 ? [{ type: "text", text: words }, ...parts] : words;
}

/**
 * Put other words into a message; files that came with it stay.
 * @type {(content: unknown, words: string) => unknown}
 */
export function reworded(content, words) {
  if (!Array.isArray(content)) return words;
  const files = content.filter((part) => typeof part?.text !== "string");
  return files.length > 0 ? [{ type: "text", text: words }, ...files] : words;
}

/**
 * Say where a message stands; one of a server that keeps no versions is its only one.
 * @type {(stored: StoredMessage) => Standing}
 */
export const placeOf = ({ id, versions = [id] }) => ({ id, versions });

/** @param {string} words */
export const questionKey = (words) => `?${words}`;

/** @param {StoredMessage} stored whether an answer waits, or says nothing without calling the client's tools */
const isEnd = ({ state, message }) =>
  state === "waiting" || (message.content === "" && !message.tool_calls);

/**
 * Give what is shown of stored messages: questions, and answers, also those that wait. A question
 * is `unanswered` when nothing of its run follows; `key` tells messages apart that are shown.
 * @type {(messages: readonly StoredMessage[]) => ShownMessage[]}
 */
export function shownOf(messages) {
  /** @type {ShownMessage[]} */
  const shown = [];
  for (const [at, stored] of messages.entries()) {
    const { role, content } = stored.message;
    const words = wordsOf(content);
    const next = messages[at + 1];
    const more = next && (next.message.role !== "user" || next.run_id === stored.run_id);
    if (role === "user") {
      shown.push({ stored, key: questionKey(words), asked: true, unanswered: !more });
    } else if (role === "assistant" && (words || isEnd(stored))) {
      shown.push({ stored, key: stored.run_id ?? "", asked: false, unanswered: false });
    }
  }
  return shown;
}
