/** Sends forms and tells how far they have come. */

import { unreachable } from "./errors.js";

/**
 * Send a form the old way: `fetch` does not tell how far it has come.
 * @type {(path: string, form: FormData, token: string, options: UploadOptions) => Promise<Response>}
 */
export function sendForm(path, form, token, { onProgress, signal }) {
  return new Promise((done, fail) => {
    signal.throwIfAborted(); // given up while the log-in was renewed
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.setRequestHeader("Authorization", `Bearer ${token}`);
    call.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 1);
    call.onload = () => done(new Response(call.responseText, { status: call.status }));
    call.onerror = () => fail(unreachable());
    call.onabort = () => fail(signal.reason);
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}
