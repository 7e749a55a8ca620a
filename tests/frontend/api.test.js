/** Calls carry the token, renew it once, and tell errors in the server's words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../frontend/api.js";
import { answers, speaks } from "../../frontend/chat/pickers.js";
import { text } from "../../frontend/strings.js";
import { ask } from "../../frontend/wire/ask.js";
import { ApiError } from "../../frontend/wire/errors.js";
import { deleteConversation, listModels } from "../../frontend/wire/server.js";
import { sendForm } from "../../frontend/wire/transfer.js";

const LOGIN = "POST /api/auth/login";
const REFRESH = "POST /api/auth/refresh";
const UNAUTHORISED = () =>
  Response.json({ error: { message: "No", code: "invalid_api_key" } }, { status: 401 });
const tokenOf = (/** @type {string} */ value) => Response.json({ access_token: value });

/**
 * Make an Api over a server that answers from a list, and the record of what it was asked.
 * @param {(() => Response)[]} answers
 */
function scripted(answers) {
  /** @type {string[]} */
  const asked = [];
  let loggedOut = 0;
  /** @type {typeof fetch} */
  const send = async (path, options) => {
    const headers = new Headers(options?.headers);
    asked.push(`${options?.method} ${path} ${headers.get("authorization") ?? ""}`.trim());
    const answer = answers.shift();
    if (!answer) throw new TypeError("fetch failed");
    return answer();
  };
  const onLoggedOut = () => {
    loggedOut += 1;
  };
  return { api: new Api({ send, onLoggedOut }), asked, loggedOut: () => loggedOut };
}

test("after log-in calls carry the token", async () => {
  const { api, asked } = scripted([() => tokenOf("one"), () => Response.json({ id: "user_1" })]);
  await api.login("ada", "secret");
  assert.deepEqual(await api.json("/api/auth/me"), { id: "user_1" });
  assert.deepEqual(asked, [LOGIN, "GET /api/auth/me Bearer one"]);
});

test("an expired token is renewed once for calls that run at the same time", async () => {
  const fine = () => Response.json({});
  const { api, asked } = scripted([UNAUTHORISED, UNAUTHORISED, () => tokenOf("two"), fine, fine]);
  await Promise.all([api.json("/a"), api.json("/b")]);
  assert.deepEqual(asked, ["GET /a", "GET /b", REFRESH, "GET /a Bearer two", "GET /b Bearer two"]);
});

test("when there is no session any more the page is told and the call fails", async () => {
  const { api, loggedOut } = scripted([UNAUTHORISED, UNAUTHORISED]);
  await assert.rejects(api.json("/a"), { name: "ApiError", status: 401, message: "No" });
  assert.equal(loggedOut(), 1);
});

test("a server that fails while renewing does not log out", async () => {
  const { api, loggedOut } = scripted([
    UNAUTHORISED,
    () => new Response("<html>", { status: 503 }),
  ]);
  await assert.rejects(api.json("/a"), (error) => error instanceof ApiError && error.passing);
  assert.equal(loggedOut(), 0);
});

test("a server that cannot be reached is a passing error", async () => {
  const { api } = scripted([]);
  await assert.rejects(api.json("/a"), (error) => error instanceof ApiError && error.passing);
});

test("an answer that is no JSON is as none: a proxy gave it, or it was cut off", async () => {
  for (const body of ["<!doctype html>", "", '{"half": ']) {
    const { api } = scripted([() => new Response(body)]);
    await assert.rejects(api.json("/a"), (error) => error instanceof ApiError && error.lost);
  }
});

test("an answer of nobody's run leaves the question unasked", async () => {
  const { api } = scripted([() => new Response("<title>Log in to this network</title>")]);
  const { signal } = new AbortController();
  const question = { model: "m", mode: "auto", content: "Hi", sessionId: "" };
  await assert.rejects(ask(api, question, { signal }).next(), { message: text.unreachable });
});

test("an upload tells how far it is, and goes again after the log-in was renewed", async () => {
  /** @type {string[]} */
  const seen = [];
  const answers = [UNAUTHORISED, () => Response.json({ file_id: "file-1" })];
  const send = async () => tokenOf("two");
  /** @type {NonNullable<ConstructorParameters<typeof Api>[0]>["transfer"]} */
  const transfer = async (path, form, token, { onProgress }) => {
    onProgress(0.5);
    seen.push(`${path} ${token} ${form.get("file")}`);
    return /** @type {() => Response} */ (answers.shift())();
  };
  const api = new Api({ send, transfer });
  const form = new FormData();
  form.append("file", "x");
  /** @type {number[]} */
  const shares = [];
  const options = { onProgress: shares.push.bind(shares), signal: AbortSignal.timeout(1000) };
  assert.deepEqual(await api.upload("/up", form, options), { file_id: "file-1" });
  assert.deepEqual(
    [seen, shares],
    [
      ["/up  x", "/up two x"],
      [0.5, 0.5],
    ],
  );
});

test("an upload that is refused fails in the server's words", async () => {
  const error = { message: "'a' is empty", code: "empty_file" };
  const transfer = async () => Response.json({ error }, { status: 400 });
  const options = { onProgress: () => undefined, signal: AbortSignal.timeout(1000) };
  const sent = new Api({ transfer }).upload("/up", new FormData(), options);
  await assert.rejects(sent, { name: "ApiError", status: 400, message: "'a' is empty" });
});

test("an upload that does not arrive tells that the server is lost, one that is given up does not", async () => {
  const options = { onProgress: () => undefined, signal: AbortSignal.timeout(1000) };
  let lost = 0;
  const onLost = () => {
    lost += 1;
  };
  for (const [fault, times] of /** @type {[Error, number][]} */ ([
    [new ApiError("gone"), 1],
    [new DOMException("", "AbortError"), 1],
  ])) {
    const transfer = () => Promise.reject(fault);
    await assert.rejects(
      new Api({ transfer, onLost }).upload("/up", new FormData(), options),
      fault,
    );
    assert.equal(lost, times);
  }
});

test("models are told apart: what answers, and what is a language model", async () => {
  const data = [
    { id: "builtin", x_capabilities: ["completion", "extractive", "tools"] },
    { id: "all-minilm:latest", x_capabilities: ["embedding"] },
  ];
  const { api } = scripted([() => Response.json({ data })]);
  const models = await listModels(api);
  assert.deepEqual(models.map(answers), [true, false]);
  assert.deepEqual(models.map(speaks), [false, false]);
});

test("a conversation is deleted by a call that outlives the page, others end with it", async () => {
  /** @type {(boolean | undefined)[]} */
  const kept = [];
  /** @type {typeof fetch} */
  const send = async (_, options) => {
    kept.push(options?.keepalive);
    return new Response(null, { status: 204 });
  };
  const api = new Api({ send });
  await deleteConversation(api, "conv_1");
  await api.json("/a");
  assert.deepEqual(kept, [true, false]);
});

test("a form that was given up before its turn is not sent", async () => {
  const options = { onProgress: () => undefined, signal: AbortSignal.abort() };
  await assert.rejects(sendForm("/api/files/upload", new FormData(), "token", options), {
    name: "AbortError",
  });
});
