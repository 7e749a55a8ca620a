/**
 * The server's routes by name; `shapes.d.ts` has what they answer with.
 * Not for: answers that stream (`ask.js`).
 */

/** @type {(kind: string, id: string) => string} */
export const pathOf = (kind, id) => `/api/${kind}/${encodeURIComponent(id)}`;

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
  api.json(pathOf("conversations", id), signal ? { signal } : {});

/** @type {(api: Api, id: string, title: string) => Promise<Conversation>} */
export const renameConversation = (api, id, title) =>
  api.json(pathOf("conversations", id), { method: "PATCH", body: { title } });

/** @type {(api: Api, id: string, shown: string) => Promise<void>} shows the version with that message */
export const showVersion = (api, id, shown) =>
  api.json(pathOf("conversations", id), { method: "PATCH", body: { shown } });

/** @type {(api: Api, id: string) => Promise<void>} */
export const deleteConversation = (api, id) =>
  api.json(pathOf("conversations", id), { method: "DELETE" });

/** @type {(api: Api, id: string) => Promise<Run>} with its trace */
export const getRun = (api, id) => api.json(pathOf("runs", id));

/** @type {(api: Api, id: string) => Promise<void>} stops it; what was said is kept */
export const cancelRun = (api, id) => api.json(`${pathOf("runs", id)}/cancel`, { method: "POST" });

/** @type {(api: Api, id: string) => Promise<Approval[]>} what a run asked to be allowed */
export const listApprovals = (api, id) => api.json(`${pathOf("runs", id)}/approvals`);

/** @type {(api: Api, id: string, callId: string, decision: Decision) => Promise<void>} */
export const decideApproval = (api, id, callId, decision) =>
  api.json(pathOf(`runs/${id}/approvals`, callId), {
    method: "POST",
    body: { decision },
  });

/** @type {(api: Api) => Promise<ListedTool[]>} also those that are off */
export const listTools = (api) => api.json("/api/tools");

/**
 * List files, newest first; `name` is a part of the name.
 * @type {(api: Api, asked: { name: string, cursor: string }) => Promise<FilePage>}
 */
export const listFiles = (api, { name, cursor }) =>
  api.json(
    `/api/files/documents?${new URLSearchParams({ limit: "50", name, ...(cursor && { cursor }) })}`,
  );

/**
 * Upload a file; it is read after the answer.
 * @type {(api: Api, file: File, options: UploadOptions) => Promise<unknown>}
 */
export function uploadFile(api, file, options) {
  const form = new FormData();
  form.append("file", file);
  return api.upload("/api/files/upload?wait=0", form, options);
}

/** @type {(api: Api, id: string) => Promise<StoredFile>} */
export const getFile = (api, id) => api.json(pathOf("files/documents", id));

/** @type {(api: Api, id: string) => Promise<void>} */
export const deleteFile = (api, id) =>
  api.json(pathOf("files/documents", id), { method: "DELETE" });

/** @type {(api: Api, id: string) => Promise<StoredFile>} */
export const readAgain = (api, id) =>
  api.json(`${pathOf("files/documents", id)}/reindex`, { method: "POST" });

/** @type {(api: Api, id: string) => Promise<Blob>} the bytes as they were uploaded */
export const original = async (api, id) =>
  (await api.open(`${pathOf("files/documents", id)}/content`)).blob();

/** @type {(api: Api, id: string, number: number) => Promise<TextPage>} pages count from 1 */
export const textPage = async (api, id, number) =>
  (await api.json(`${pathOf("files/documents", id)}/text?page=${number}`)).pages[0];

/**
 * Give the page that holds the beginning of a passage, mostly at the first or second try.
 * @param {Api} api
 * @param {StoredFile} file
 * @param {Place} place
 */
export async function pageAround(api, { file_id: id, pages, chars }, { start, page }) {
  let [first, last] = [1, pages];
  let number = Math.min(page ?? Math.floor((start / chars) * pages) + 1, last);
  for (;;) {
    const found = await textPage(api, id, number);
    if (start < found.start) last = number - 1;
    else if (start >= found.end && number < last) first = number + 1;
    else return found;
    number = (first + last) >> 1;
  }
}

/** @type {(api: Api, query: string) => Promise<Passage[]>} best first */
export const searchFiles = async (api, query) =>
  (await api.json("/api/files/search", { method: "POST", body: { query, top_k: 12 } })).results;

/** @type {(api: Api, id: string) => Promise<CitedPassage>} */
export const getCitation = (api, id) => api.json(pathOf("citations", id));
