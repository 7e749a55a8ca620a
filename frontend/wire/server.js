/**
 * The server's routes by name; `shapes.d.ts` has what they answer with.
 * Not for: answers that stream (`ask.js`).
 */

/** @type {(kind: string, id: string) => string} */
export const pathOf = (kind, id) => `/api/${kind}/${encodeURIComponent(id)}`;

/** @type {(api: Api) => Promise<User>} who is logged in */
export const whoAmI = (api) => api.json("/api/auth/me");

/** @type {(api: Api) => Promise<ListedModel[]>} also those that cannot answer */
export const listModels = async (api) => (await api.json("/v1/models")).data;

/** @type {(api: Api) => Promise<{ version: string, active_runs: number }>} */
export const getHealth = (api) => api.json("/health");

/** @type {(api: Api) => Promise<Ready>} how what the server depends on is */
export const getReady = (api) => api.json("/ready", { also: 503 });

/**
 * List conversations, last used first; `query` searches titles and messages.
 * @type {(api: Api, asked?: { query?: string, cursor?: string }) => Promise<ConversationPage>}
 */
export const listConversations = (api, { query, cursor } = {}) =>
  api.json(
    `/api/conversations?${new URLSearchParams({ limit: "50", ...(query && { query }), ...(cursor && { cursor }) })}`,
  );

/**
 * Give what is shown of a conversation, or only what follows the message `after`; 404 when that is not shown.
 * @type {(api: Api, id: string, options?: { signal?: AbortSignal, after?: string }) => Promise<FullConversation>}
 */
export const getConversation = (api, id, { after, ...options } = {}) =>
  api.json(pathOf("conversations", id) + (after ? `?after=${after}` : ""), options);

/** @type {(api: Api, id: string, title: string) => Promise<Conversation>} */
export const renameConversation = (api, id, title) =>
  api.json(pathOf("conversations", id), { method: "PATCH", body: { title } });

/** @type {(api: Api, id: string, metadata: Record<string, unknown>) => Promise<Conversation>} */
export const describeConversation = (api, id, metadata) =>
  api.json(pathOf("conversations", id), { method: "PATCH", body: { metadata } });

/** @type {(api: Api, id: string, shown: string) => Promise<void>} shows the version with that message */
export const showVersion = (api, id, shown) =>
  api.json(pathOf("conversations", id), { method: "PATCH", body: { shown } });

/** @type {(api: Api, id: string) => Promise<void>} also when the page is being left */
export const deleteConversation = (api, id) =>
  api.json(pathOf("conversations", id), { method: "DELETE", keepalive: true });

/** @type {(api: Api, id: string, form: ExportForm) => Promise<Blob>} */
export const exportConversation = async (api, id, form) =>
  (await api.open(`${pathOf("conversations", id)}/export?format=${form}`)).blob();

/** @type {(api: Api, id: string) => Promise<Run>} with its trace */
export const getRun = (api, id) => api.json(pathOf("runs", id));

/** @type {(api: Api, id: string) => Promise<void>} stops it; what was said is kept */
export const cancelRun = (api, id) => api.json(`${pathOf("runs", id)}/cancel`, { method: "POST" });

/** @type {(api: Api, id: string) => Promise<void>} lets an interrupted run go on */
export const resumeRun = (api, id) => api.json(`${pathOf("runs", id)}/resume`, { method: "POST" });

/** @type {(api: Api, id: string) => Promise<Approval[]>} what a run asked to be allowed */
export const listApprovals = (api, id) => api.json(`${pathOf("runs", id)}/approvals`);

/** @type {(api: Api, id: string, callId: string, decision: Decision) => Promise<void>} */
export const decideApproval = (api, id, callId, decision) =>
  api.json(pathOf(`runs/${id}/approvals`, callId), {
    method: "POST",
    body: { decision },
  });

/** @type {(api: Api) => Promise<Account[]>} oldest first */
export const listUsers = (api) => api.json("/api/users");

/** @type {(api: Api, body: NewAccount) => Promise<Account>} */
export const addUser = (api, body) => api.json("/api/users", { method: "POST", body });

/** @type {(api: Api, id: string, body: Partial<Account & { password: string }>) => Promise<Account>} */
export const changeUser = (api, id, body) =>
  api.json(pathOf("users", id), { method: "PATCH", body });

/** @type {(api: Api, id: string) => Promise<void>} with all that is its */
export const deleteUser = (api, id) => api.json(pathOf("users", id), { method: "DELETE" });

/** @type {(api: Api) => Promise<ListedTool[]>} also those that are off */
export const listTools = (api) => api.json("/api/tools");

/**
 * List files, newest first unless sorted by another field; `name` is a part of the name.
 * @type {(api: Api, asked?: { name?: string, sort?: string, cursor?: string, limit?: number }) => Promise<FilePage>}
 */
export const listFiles = (api, { name = "", sort = "-created_at", cursor = "", limit = 50 } = {}) =>
  api.json(
    `/api/files/documents?${new URLSearchParams({ limit: `${limit}`, name, sort, ...(cursor && { cursor }) })}`,
  );

/**
 * Upload a file and give its id; it is read after the answer.
 * @type {(api: Api, file: File, options: UploadOptions) => Promise<string>}
 */
export async function uploadFile(api, file, options) {
  const form = new FormData();
  form.append("file", file);
  return (await api.upload("/api/files/upload?wait=0", form, options)).file_id;
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

/** @type {(api: Api, id: string, number: number, look: Look) => Promise<Blob>} of a PDF */
export async function pageImage(api, id, number, { width, passage: { start, end }, signal }) {
  const mark = end > start ? `&mark=${start}-${end}` : "";
  const path = `${pathOf("files/documents", id)}/pages/${number}/image?width=${width}${mark}`;
  return (await api.open(path, { signal })).blob();
}

/** @type {(api: Api, query: string) => Promise<Passage[]>} best first */
export const searchFiles = async (api, query) =>
  (await api.json("/api/files/search", { method: "POST", body: { query, top_k: 12 } })).results;

/** @type {(api: Api, id: string) => Promise<CitedPassage>} */
export const getCitation = (api, id) => api.json(pathOf("citations", id));
