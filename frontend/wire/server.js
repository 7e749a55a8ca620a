/**
 * The server's routes by name; `shapes.d.ts` has what they answer with.
 * Not for: answers that stream (`ask.js`, `follow.js`) and documents (`files.js`).
 */

/** @import { Api } from "../api.js" */
/** @import { Annotation, Conversation, ConversationPage, FullConversation, ListedModel, Run, User } from "./shapes.js" */

const conversationPath = (/** @type {string} */ id) =>
  `/api/conversations/${encodeURIComponent(id)}`;
const runPath = (/** @type {string} */ id) => `/api/runs/${encodeURIComponent(id)}`;

/** @type {(api: Api) => Promise<User>} who is logged in */
export const whoAmI = (api) => api.json("/api/auth/me");

/**
 * List the names of the models that can answer: not those that only embed texts.
 * @type {(api: Api) => Promise<string[]>}
 */
export async function listModels(api) {
  /** @type {{ data: ListedModel[] }} */
  const { data } = await api.json("/v1/models");
  return data
    .filter((model) => model.x_capabilities.includes("completion"))
    .map((model) => model.id);
}

/**
 * List conversations, last used first; `query` searches titles and messages.
 * @type {(api: Api, asked?: { query?: string, cursor?: string }) => Promise<ConversationPage>}
 */
export const listConversations = (api, { query, cursor } = {}) =>
  api.json(
    `/api/conversations?${new URLSearchParams({ ...(query && { query }), ...(cursor && { cursor }) })}`,
  );

/** @type {(api: Api, id: string, signal?: AbortSignal) => Promise<FullConversation>} */
export const getConversation = (api, id, signal) =>
  api.json(conversationPath(id), signal ? { signal } : {});

/** @type {(api: Api, id: string, title: string) => Promise<Conversation>} */
export const renameConversation = (api, id, title) =>
  api.json(conversationPath(id), { method: "PATCH", body: { title } });

/** @type {(api: Api, id: string) => Promise<void>} */
export const deleteConversation = (api, id) => api.json(conversationPath(id), { method: "DELETE" });

/** @type {(api: Api, id: string) => Promise<Run>} with its trace */
export const getRun = (api, id) => api.json(runPath(id));

/** @type {(api: Api, id: string) => Promise<void>} stops it; what was said is kept */
export const cancelRun = (api, id) => api.json(`${runPath(id)}/cancel`, { method: "POST" });

/**
 * Give where the markers of a stored answer lead to; [] when that is not known.
 * @type {(api: Api, conversationId: string, runId: string) => Promise<Annotation[]>}
 */
export async function getAnnotations(api, conversationId, runId) {
  const { messages } = await getConversation(api, conversationId);
  const answers = messages.filter((one) => one.run_id === runId);
  return answers.flatMap((one) => one.message.annotations ?? []);
}
