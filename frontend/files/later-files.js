/** What sends files, and what shows those that go with a question: loaded with the first of them. */

import { styled } from "../kit/dom.js";
import { Later } from "../kit/later.js";

/** @type {(api: Api) => Later<Uploads>} */
export const laterUploads = (api) =>
  new Later(async () => {
    const { Uploads } = await import("./uploads.js");
    return new Uploads(api);
  });

/** @type {(parts: AttachmentParts) => Later<MakeChip>} */
export const laterChips = (parts) =>
  new Later(async () => {
    const [{ AttachedChip }, uploads] = await Promise.all([
      import("./moving.js"),
      parts.uploads.get(),
      styled("files"),
    ]);
    return (name, onClose) => new AttachedChip({ ...parts, uploads }, name, onClose);
  });
