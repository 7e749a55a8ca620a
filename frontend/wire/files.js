/** The server's routes about documents by name. */

/** @import { Api, UploadOptions } from "../api.js" */
/** @import { CitedPassage, FilePage, Passage, Place, StoredFile, TextPage } from "./shapes.js" */

const pathOf = (/** @type {string} */ id) => `/api/files/documents/${encodeURIComponent(id)}`;

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
export const getFile = (api, id) => api.json(pathOf(id));

/** @type {(api: Api, id: string) => Promise<void>} */
export const deleteFile = (api, id) => api.json(pathOf(id), { method: "DELETE" });

/** @type {(api: Api, id: string) => Promise<StoredFile>} */
export const readAgain = (api, id) => api.json(`${pathOf(id)}/reindex`, { method: "POST" });

/** @type {(api: Api, id: string) => Promise<Blob>} the bytes as they were uploaded */
export const original = async (api, id) => (await api.open(`${pathOf(id)}/content`)).blob();

/** @type {(api: Api, id: string, number: number) => Promise<TextPage>} pages count from 1 */
export const textPage = async (api, id, number) =>
  (await api.json(`${pathOf(id)}/text?page=${number}`)).pages[0];

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
export const getCitation = (api, id) => api.json(`/api/citations/${encodeURIComponent(id)}`);
