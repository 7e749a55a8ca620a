"""Requests that come with an Idempotency-Key are carried out once; who asks again gets the same answer.

The header is that of https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/; what is
kept, and for how long, is as at https://docs.stripe.com/api/idempotent_requests (see ADR 33). A request
with a key goes on when its client leaves: a retry finds its answer. Not for: what is kept (`ports`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.agent.turn import BEGINNING
from backend.api.body_prints import BodyPrint
from backend.api.deps import AppServices, authenticate
from backend.api.errors import render
from backend.api.keyed_answers import Answer
from backend.errors import Conflict, InvalidRequest, ServerFault, StewardError
from backend.ports.keyed_requests import KeyedRequest
from backend.ports.stores import Run

logger = logging.getLogger(__name__)
HEADER = b"idempotency-key"
REPLAYED = (b"idempotent-replayed", b"true")
# What answers POST with secrets (log-in, keys) is not kept.
PATHS = ("/v1/", "/api/conversations", "/api/files", "/api/runs/")
DAY_MS = 86_400_000
LOST_AFTER_MS = 3_600_000
LOOK_AGAIN_S = 0.5
# A run ends a moment before its server has kept the answer: so often it is looked for after that.
LOOKS_AFTER_END = 10
MOST_KEYS = 1_000
MOST_BYTES = 32 * 1024 * 1024
MOST_BODY_BYTES = 8 * 1024 * 1024
MOST_KEY_CHARS = 255
REUSED = "This Idempotency-Key came before with another request; a key stands for one request"
ACTED = (
    "The request with this Idempotency-Key began run {run}, which was interrupted after it had called tools, and"
    " cannot be resumed; to have all of it done again, send it with another key"
)
TOO_LARGE = (
    "The request with this Idempotency-Key was carried out, but its answer was too large to keep"
)
CUT = (
    "The request with this Idempotency-Key began run {run}, which is {state}; if it is interrupted, it can"
    " be resumed: POST /api/runs/{run}/resume"
)


class Idempotent:
    """The layer that keeps requests with a key apart; all others pass it untouched."""

    def __init__(self, app: ASGIApp, *, inner: FastAPI) -> None:
        self._app = app
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        key = _key_of(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        request = Request({**scope, "app": self._inner}, receive)
        try:
            caller = await authenticate(request)
            key_hash = _hash_of(key, caller.scopes)
        except StewardError as exc:
            await render(exc)(scope, receive, send)
            return
        found: AppServices = self._inner.state.services
        known = (caller.user.id, key_hash)
        body = BodyPrint(scope, receive)
        if not body.is_form:
            await body.read_whole()
        answer = found.keyed.live.get(known)
        if answer is None:
            answer = found.keyed.live[known] = Answer(body.fingerprint)
            owner = _Owner(self._app, found, known, answer=answer, body=body)
            task = asyncio.create_task(owner.carry_out(scope))
            found.keyed.tasks.add(task)
            task.add_done_callback(found.keyed.tasks.discard)
        elif body.is_form:
            await body.read_whole()
            while not answer.done:
                await answer.more.wait()
        if body.fingerprint and answer.fingerprint not in {"", body.fingerprint}:
            await render(_conflict(REUSED, "idempotency_key_reused"))(scope, receive, send)
            return
        await _read(answer, scope, receive, send)


class _Owner:
    """Whoever came with a key first: carries its request out, or finds its answer."""

    def __init__(
        self,
        app: ASGIApp,
        found: AppServices,
        known: tuple[str, str],
        *,
        answer: Answer,
        body: BodyPrint,
    ) -> None:
        self._app = app
        self._found = found
        self._known = known
        self._answer = answer
        self._body = body
        self._run_id = ""
        self._ended_looks = 0
        now_ms = found.clock.now_ms()
        self._request = KeyedRequest(
            user_id=known[0],
            key_hash=known[1],
            server_id=found.keyed.server_id,
            fingerprint=answer.fingerprint,
            created_at_ms=now_ms,
        )

    async def carry_out(self, scope: Scope) -> None:
        answer = self._answer
        try:
            before = await self._before()
            if before is None:
                await self._serve(scope)
            else:
                await self._give(before)
        except ClientDisconnect:
            answer.error = InvalidRequest("The request did not arrive whole")
        except StewardError as exc:
            answer.error = exc
        except Exception:
            logger.exception("a request with a key failed")
            answer.error = ServerFault()
        finally:
            answer.done = True
            del self._found.keyed.live[self._known]
            answer.tell()

    async def _before(self) -> KeyedRequest | None:
        """Claim the key; where it is known, wait for its answer, and give that."""
        store, clock = self._found.keyed.store, self._found.clock
        while True:
            since_ms = clock.now_ms() - DAY_MS
            before = await store.begin(
                self._request, since_ms=since_ms, most=MOST_KEYS, most_bytes=MOST_BYTES
            )
            if before is None or before.status:
                return before
            if not self._fits(before):
                raise _conflict(REUSED, "idempotency_key_reused")
            await self._check_lost(before)
            await clock.sleep(LOOK_AGAIN_S)  # another server answers it

    async def _check_lost(self, before: KeyedRequest) -> None:
        """Refuse what a dead server had begun, or asks its user now; forget it where nothing is left of it."""
        run = None
        if before.run_id:
            run = await self._found.runs.get(before.user_id, before.run_id)
        over = run is not None and run.state != "running"
        if run is not None and over:
            self._ended_looks += 1
            again = _may_begin_again(run)
            if (again or run.state != "interrupted") and self._ended_looks <= LOOKS_AFTER_END:
                return
            if not again:
                raise _cut(run)
        own = before.server_id == self._found.keyed.server_id  # nobody here answers it any more
        if own or over or before.created_at_ms < self._found.clock.now_ms() - LOST_AFTER_MS:
            await self._found.keyed.store.drop(before.user_id, before.key_hash)

    def _fits(self, before: KeyedRequest) -> bool:
        return not before.fingerprint or before.fingerprint == self._answer.fingerprint

    async def _give(self, before: KeyedRequest) -> None:
        answer = self._answer
        if self._body.is_form:
            await self._body.read_whole()
            answer.fingerprint = self._body.fingerprint
        if before.fingerprint != answer.fingerprint:
            raise _conflict(REUSED, "idempotency_key_reused")
        if not before.body and ("x-kept", "no") in before.headers:
            raise _conflict(TOO_LARGE, "idempotency_answer_too_large")
        answer.status, answer.headers, answer.replayed = before.status, before.headers, True
        answer.chunks.append(await asyncio.to_thread(zlib.decompress, before.body))

    async def _serve(self, scope: Scope) -> None:
        """Carry the request out, whether or not its client stays, and keep its answer."""
        kept = False
        BEGINNING.set(self._begins)  # in the task of this request alone
        try:
            await self._app(scope, self._body.receive, self._take)
            kept = await self._keep()
        finally:
            if not kept:
                await self._found.keyed.store.drop(*self._known)

    async def _begins(self, run_id: str) -> None:
        """Note the first run before it is stored: whoever comes after a crash is told of it."""
        if not self._run_id:
            self._run_id = run_id
            await self._note_run()

    async def _note_run(self) -> None:
        await self._found.keyed.store.note(replace(self._request, run_id=self._run_id))

    async def _take(self, message: Message) -> None:
        answer = self._answer
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            )
            noted, self._run_id = self._run_id, dict(answer.headers).get("x-run-id", self._run_id)
            if self._run_id != noted:
                await self._note_run()
        elif message.get("body"):
            answer.chunks.append(message["body"])
        answer.tell()

    async def _keep(self) -> bool:
        """Keep the answer of a request that was carried out; tell whether its key stays taken."""
        answer = self._answer
        answer.fingerprint = self._body.fingerprint
        run = None
        if answer.fingerprint and self._run_id:
            run = await self._found.runs.get(self._known[0], self._run_id)
        if run is not None and (_may_begin_again(run) or _broke_off(run, answer)):
            return False
        if run is not None and run.state == "interrupted" and self._found.turns.closing:
            return True  # the key names its run, which can be resumed or had effects
        if answer.status >= 500 or not answer.status or not answer.fingerprint:
            return False
        whole = b"".join(answer.chunks)
        headers = answer.headers
        packed = b""
        if len(whole) > MOST_BODY_BYTES:
            headers = (*headers, ("x-kept", "no"))
        else:
            packed = await asyncio.to_thread(zlib.compress, whole, 1)
        done = replace(
            self._request,
            fingerprint=answer.fingerprint,
            run_id=self._run_id,
            status=answer.status,
            headers=headers,
            body=packed,
        )
        await self._found.keyed.store.note(done)
        return True


def _may_begin_again(run: Run) -> bool:
    """Tell whether a run that broke off is nobody's to resume and can have had no effect."""
    return run.state == "interrupted" and run.conversation_id is None and not _acted(run)


def _broke_off(run: Run, answer: Answer) -> bool:
    """Tell whether a stream ended with an error, for which a whole answer would have been a 5xx."""
    return run.state == "failed" and answer.status < HTTPStatus.BAD_REQUEST and not _acted(run)


def _acted(run: Run) -> bool:
    return any(one.get("type") == "tool_call" for one in run.events)


def _cut(run: Run) -> Conflict:
    lost = run.state == "interrupted" and run.conversation_id is None
    told = (ACTED if lost else CUT).format(run=run.id, state=run.state)
    exc = _conflict(told, "run_interrupted")
    exc.headers = {"x-run-id": run.id}
    return exc


async def _read(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer from its start while it grows."""
    while not answer.status and not answer.done:
        await answer.more.wait()
    if answer.error is not None and not answer.status:
        await render(answer.error)(scope, receive, send)
        return
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.replayed:
        headers.append(REPLAYED)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    seen = 0
    while not answer.done or seen < len(answer.chunks):
        if seen == len(answer.chunks):
            await answer.more.wait()
            continue
        chunk, seen = answer.chunks[seen], seen + 1
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    if answer.error is not None:
        raise answer.error  # breaks the connection: half an answer must not look whole
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _key_of(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == HEADER:
            return value if scope["path"].startswith(PATHS) else None
    return None


def _hash_of(key: bytes, scopes: Sequence[str]) -> str:
    """Stand for a key; callers bound to other scopes have other keys, and get no answer of a wider one."""
    if not 1 <= len(key) <= MOST_KEY_CHARS or not key.isascii():
        msg = f"Idempotency-Key takes 1 to {MOST_KEY_CHARS} ASCII characters"
        raise InvalidRequest(msg, param="Idempotency-Key")
    bound = "\0".join(["", *sorted(scopes)]) if scopes else ""
    return hashlib.sha256(key + bound.encode()).hexdigest()


def _conflict(told: str, code: str) -> Conflict:
    refused = Conflict(told, code=code)
    refused.repeats_work = True  # trying again changes nothing
    return refused
