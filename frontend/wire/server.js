/**
 * The server's routes by name, and the shapes they answer with.
 * Not for: answers that stream (`ask.js`, `follow.js`).
 */

/** @import { Api } from "../api.js" */

/** @typedef {{ id: string, username: string, role: "admin" | "user" }} User */

/**
 * @typedef {object} Conversation
 * @property {string} id
 * @property {string} title
 * @property {string | null} active_run_id the run that is answering now
 * @property {number} updated_at seconds since 1970
 */

/** @typedef {{ conversations: Conversation[], next_cursor: string | null }} ConversationPage */

/**
 * @typedef {object} Annotation
 * @property {{ url: string, title: string, start_index: number, end_index: number }} url_citation
 */

/**
 * @typedef {object} StoredMessage
 * @property {{ role: string, content?: unknown, annotations?: Annotation[] }} message
 * @property {string} state how the run that wrote it ended
 * @property {string | null} run_id
 */

/** @typedef {Conversation & { messages: StoredMessage[] }} FullConversation */

/** @typedef {{ id: string, trace: { error?: string | null, events?: object[] } }} Run */

/** @typedef {{ id: string, x_capabilities: string[] }} ListedModel */

/** @param {string} id */
const conversationPath = (id) => `/api/conversations/${encodeURIComponent(id)}`;

/**
 * Tell who is logged in.
 * @param {Api} api
 * @returns {Promise<User>}
 */
export const whoAmI = (api) => api.json("/api/auth/me");

/**
 * List the names of the models that can answer: not those that only embed texts.
 * @param {Api} api
 * @returns {Promise<string[]>}
 */
export async function listModels(api) {
  const { data } = await api.json("/v1/models");
  return data
    .filter((/** @type {ListedModel} */ model) => model.x_capabilities.includes("completion"))
    .map((/** @type {ListedModel} */ model) => model.id);
}

/**
 * List conversations, last used first; `query` searches titles and messages.
 * @param {Api} api
 * @param {{ query?: string, cursor?: string }} [options]
 * @returns {Promise<ConversationPage>}
 */
export function listConversations(api, { query = "", cursor = "" } = {}) {
  const search = new URLSearchParams();
  if (query) search.set("query", query);
  if (cursor) search.set("cursor", cursor);
  return api.json(`/api/conversations?${search}`);
}

/**
 * Give a conversation with its messages.
 * @param {Api} api
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<FullConversation>}
 */
export const getConversation = (api, id, signal) =>
  api.json(conversationPath(id), signal ? { signal } : {});

/**
 * Give a conversation another title.
 * @param {Api} api
 * @param {string} id
 * @param {string} title
 * @returns {Promise<Conversation>}
 */
export const renameConversation = (api, id, title) =>
  api.json(conversationPath(id), { method: "PATCH", body: { title } });

/**
 * Erase a conversation.
 * @param {Api} api
 * @param {string} id
 * @returns {Promise<void>}
 */
export const deleteConversation = (api, id) => api.json(conversationPath(id), { method: "DELETE" });

/**
 * Give a run with its trace.
 * @param {Api} api
 * @param {string} id
 * @returns {Promise<Run>}
 */
export const getRun = (api, id) => api.json(`/api/runs/${encodeURIComponent(id)}`);

/**
 * Stop a run; what was said is kept.
 * @param {Api} api
 * @param {string} id
 * @returns {Promise<void>}
 */
export const cancelRun = (api, id) =>
  api.json(`/api/runs/${encodeURIComponent(id)}/cancel`, { method: "POST" });

/**
 * Give where the markers of a stored answer lead to; [] when that is not known.
 * @param {Api} api
 * @param {string} conversationId
 * @param {string} runId
 * @returns {Promise<Annotation[]>}
 */
export async function getAnnotations(api, conversationId, runId) {
  const { messages } = await getConversation(api, conversationId);
  return (
    messages.find((one) => one.run_id === runId && one.message.annotations)?.message.annotations ??
    []
  );
}
