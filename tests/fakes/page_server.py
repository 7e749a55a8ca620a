"""A server that says what the web page needs to hear, from a script: artifacts, links, an approval,
versions of messages.

The page comes from run_frontend.py, with its real headers. Not for: what the real server does.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import web
from PIL import Image, ImageDraw

from run_frontend import FOLDER, make_runner
from tests.fakes.conversation_tree import ConversationTree
from tests.fakes.side_loop import side_loop

ARTIFACTS = [
    {"id": "art_1", "filename": "chart.png", "media_type": "image/png", "size_bytes": 2345},
    {"id": "art_2", "filename": "out.csv", "media_type": "text/csv", "size_bytes": 12},
]
TABLE = {"columns": [{"name": "city", "type": "text"}, "n"], "rows": [["Oslo", 2], ["<b>", None]]}
DRAWN = """See [known](https://known.example/a), [own](https://mine.example/), \
[stolen](https://evil.example/?q=sesame) and https://evil.example/auto.

![chart.png](http://elsewhere.example:1/api/artifacts/art_1?key=k.1)
[out.csv](http://elsewhere.example:1/api/artifacts/art_2?key=k.2)"""
ASKED = {
    "call_id": "call_9",
    "tool": "web_fetch",
    "arguments": {"url": "https://evil.example/\u202etxt", "body": "<img src=x>\nurl: good"},
    "reason": "The address was made by the model.",
}
BUSY = "Another message of this session is still being answered."


def event(kind: str, words: str = "", **data: Any) -> dict[str, Any]:
    """Give the entry of an answer that tells of its work."""
    return {"kind": "event", "type": kind, "text": words, "data": data}


class PageServer:
    """What was asked of it is in `decisions` and `fetched`; `ttl_ms` is how long approvals live, and
    without `decided` answers do not end before a decision. A conversation that is `busy` is being
    answered for somebody else. `scripts` are the entries of answers by their questions.
    """

    def __init__(self) -> None:
        self.decisions: list[tuple[str, str]] = []
        self.questions: list[dict[str, Any]] = []
        self.fetched: list[str] = []
        self.ttl_ms = 600_000
        self.decided = asyncio.Event()
        self.decided.set()
        self.state = "completed"
        self.expires_at_ms = 0
        self.tree = ConversationTree()
        self.busy = False
        self.dies = False
        self.scripts: dict[str, list[dict[str, Any]]] = {}
        self.cancelled: set[str] = set()
        self.runs: dict[str, list[dict[str, Any]]] = {}

    def app(self) -> web.Application:
        """Build the application."""
        app = web.Application()
        app.router.add_get("/api/auth/me", self._me)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/api/auth/{_}", self._logged_in)
        app.router.add_get("/api/conversations", self._list)
        app.router.add_get("/api/conversations/{id}", self._conversation)
        app.router.add_patch("/api/conversations/{id}", self._show)
        app.router.add_post("/v1/chat/completions", self._ask)
        app.router.add_get("/api/runs/{run}", self._run)
        app.router.add_get("/api/runs/{run}/events", self._events)
        app.router.add_post("/api/runs/{run}/cancel", self._cancel)
        app.router.add_get("/api/runs/{run}/approvals", self._approvals)
        app.router.add_post("/api/runs/{run}/approvals/{call}", self._decide)
        app.router.add_get("/api/artifacts/{id}", self._artifact)
        app.router.add_get("/api/tools", self._tools)
        app.router.add_get("/api/files/documents", self._files)
        return app

    async def _logged_in(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "token"})

    async def _me(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "user_1", "username": "ada", "role": "user"})

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "double", "x_capabilities": ["completion"]}]})

    def _head(self) -> dict[str, Any]:
        head = {"id": "conv_1", "title": "Talk", "metadata": {}}
        return {**head, "active_run_id": None, "updated_at": 1}

    async def _list(self, _: web.Request) -> web.Response:
        shown = [self._head()] if self.tree.head else []
        return web.json_response({"conversations": shown, "next_cursor": None})

    async def _conversation(self, request: web.Request) -> web.Response:
        shown = self.tree.shown
        if after := request.query.get("after"):
            ids = [one["id"] for one in shown]
            if after not in ids:
                return _refusal(404, "There is no such message among those shown")
            shown = shown[ids.index(after) + 1 :]
        return web.json_response({**self._head(), "messages": shown})

    async def _show(self, request: web.Request) -> web.Response:
        if self.busy:
            return _refusal(409, BUSY, code="session_busy")
        self.tree.show((await request.json())["shown"])
        return web.json_response(self._head())

    async def _files(self, _: web.Request) -> web.Response:
        return web.json_response({"documents": [], "next_cursor": None})

    async def _tools(self, _: web.Request) -> web.Response:
        row = {"parameters": {}, "touches": [], "approval": "allow", "unavailable": ""}
        checking = {"available": False, "unavailable": "checking"}
        return web.json_response([
            {**row, **checking, "name": "python_code", "description": "Limited Python."},
            {**row, "name": "sql_query", "description": "SQL.", "available": True}
            | {"approval": "ask"},
            {**row, "name": "web_search", "description": "", "available": False}
            | {"unavailable": "no provider is set"},
        ])

    def _keep(self, run: str, entries: list[dict[str, Any]], state: str) -> None:
        known = run in self.runs
        self.runs[run] = entries
        self.state = state
        words = "".join(one["text"] for one in entries if one["kind"] == "content")
        answer = {"role": "assistant", "content": words}
        if known:
            self.tree.change(run, answer, state=state)
        else:
            self.tree.add(answer, run=run, state=state)

    def _script(self, question: str) -> tuple[str, list[dict[str, Any]], str]:
        if question in self.scripts:
            return f"run_{len(self.runs) + 10}", self.scripts[question], "completed"
        if "fetch" not in question and "Draw" not in question:
            return self._echo(question)
        if "fetch" not in question:
            result = {"outcome": "ok", "duration_ms": 5, "text": "done", "citations": []}
            return (
                "run_1",
                [
                    event("tool_call", "call", call_id="call_1", tool="sql_query", arguments={}),
                    event("tool_result", "ok", call_id="call_1", tool="sql_query", **result)
                    | {
                        "data": {"call_id": "call_1", **result, "hosts": ["known.example"]}
                        | {"artifacts": ARTIFACTS, "data": TABLE}
                    },
                    {"kind": "content", "text": DRAWN},
                ],
                "completed",
            )
        self.expires_at_ms = _now_ms() + self.ttl_ms
        asked = {**ASKED, "expires_at_ms": self.expires_at_ms}
        return (
            "run_2",
            [
                {"kind": "content", "text": "I will look. "},
                event("tool_call", "call", call_id="call_9", tool="web_fetch", arguments={}),
                event("approval", "asks", **asked),
            ],
            "waiting",
        )

    def _echo(self, question: str) -> tuple[str, list[dict[str, Any]], str]:
        route = {"route": "chat", "reason": "It is a plain question.", "confidence": 0.8}
        said = f"{question}, answer {len(self.runs) + 1}"
        entries = [event("route", "chat", **route), {"kind": "content", "text": said}]
        return f"run_{len(self.runs) + 10}", entries, "completed"

    def _take_in(self, body: dict[str, Any]) -> str:
        """Add what a request brings, in the place it names; give the question that is to be answered."""
        if replaced := body.get("replaces"):
            assert body["messages"] or self.tree.role(replaced) == "assistant"
            self.tree.replace(replaced)
        for message in body["messages"]:
            self.tree.add(message, run=f"run_{len(self.runs) + 10}")
        return self.tree.question

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.questions.append(body)
        if self.busy:
            return _refusal(409, BUSY, code="session_busy")
        run, entries, state = self._script(self._take_in(body))
        self._keep(run, entries, state)
        head = {"X-Run-Id": run, "X-Session-Id": "conv_1", "Content-Type": "text/event-stream"}
        response = web.StreamResponse(headers=head)
        await response.prepare(request)
        for one in entries:
            if one["kind"] == "content":
                chunk: dict[str, Any] = {"choices": [{"delta": {"content": one["text"]}}]}
            else:
                told = {"type": one["type"], **one["data"]}
                delta = {"reasoning_content": one["text"]}
                chunk = {"choices": [{"delta": delta}], "x_agent": told}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await self.decided.wait()
        if self.dies:
            return await self._die(request, response, run)
        state = "cancelled" if run in self.cancelled else state
        last = {"choices": [{"delta": {}}], "x_agent": {"state": state}}
        await response.write(f"data: {json.dumps(last)}\n\ndata: [DONE]\n\n".encode())
        return response

    async def _die(
        self, request: web.Request, response: web.StreamResponse, run: str
    ) -> web.StreamResponse:
        """Break off like a server that is killed: the last thing said was not written down yet."""
        self._keep(run, self.runs[run][:-1], "interrupted")
        assert request.transport is not None
        request.transport.close()
        return response

    async def _run(self, request: web.Request) -> web.Response:
        run = request.match_info["run"]
        events = self.runs[run]
        routes = (one["data"] for one in events if one.get("type") == "route")
        usage = {"prompt_tokens": 1234, "completion_tokens": 56}
        trace = {"route": next(routes, None), "usage": usage, "events": events}
        found = {"id": run, "model": "double", "state": self.state, "duration_ms": 4200}
        return web.json_response({**found, "trace": trace})

    async def _events(self, request: web.Request) -> web.Response:
        entries = self.runs[request.match_info["run"]]
        frames = [
            f"id: {at}.1\nevent: {one['kind']}\ndata: {json.dumps(one)}\n\n"
            for at, one in enumerate(entries)
        ]
        end = f"event: end\ndata: {json.dumps({'state': self.state})}\n\n"
        return web.Response(text="".join([*frames, end]), content_type="text/event-stream")

    async def _cancel(self, request: web.Request) -> web.Response:
        run = request.match_info["run"]
        self.cancelled.add(run)
        self._keep(run, self.runs[run], "cancelled")
        self.decided.set()
        return web.json_response({})

    async def _approvals(self, _: web.Request) -> web.Response:
        state = "pending" if self.state == "waiting" else "approved"
        shown = {**ASKED, "state": state, "expires_at_ms": self.expires_at_ms}
        return web.json_response([shown])

    async def _decide(self, request: web.Request) -> web.Response:
        if self.state != "waiting":
            return _refusal(409, "It is decided")
        decision = (await request.json())["decision"]
        self.decisions.append((request.match_info["call"], decision))
        self.go_on(decision)
        return web.json_response({})

    def go_on(self, decision: str) -> None:
        """Carry on with the run that waits, as after a decision made anywhere."""
        self.decided.set()
        outcome = "ok" if decision == "approve" else "denied"
        result = {"call_id": "call_9", "tool": "web_fetch", "outcome": outcome, "duration_ms": 7}
        more = [
            event("tool_result", "got", **result, text="hi", citations=[]),
            {"kind": "content", "text": "The page says hi."},
        ]
        self._keep("run_2", [*self.runs["run_2"], *more], "completed")

    async def _artifact(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path_qs)
        if request.match_info["id"] == "art_1":
            return web.Response(body=_picture(), content_type="image/png")
        return web.Response(text="a,b\n1,2\n", content_type="text/csv")


def _refusal(status: int, message: str, *, code: str = "conflict") -> web.Response:
    return web.json_response({"error": {"message": message, "code": code}}, status=status)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _picture() -> bytes:
    drawn = Image.new("RGB", (640, 420), "white")
    ImageDraw.Draw(drawn).line([(20, 400), (200, 150), (420, 260), (620, 40)], "teal", 6)
    kept = BytesIO()
    drawn.save(kept, "PNG")
    return kept.getvalue()


@contextmanager
def page_server(folder: Path = FOLDER) -> Iterator[tuple[PageServer, str]]:
    """Serve the page in a folder and the double behind it; give the double and the page's address."""
    double = PageServer()
    runners: list[web.AppRunner] = []

    async def listen(runner: web.AppRunner) -> str:
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def begin() -> str:
        backend = await listen(web.AppRunner(double.app()))
        return await listen(make_runner(folder=folder, backend=backend))

    async def end() -> None:
        for runner in reversed(runners):
            await runner.cleanup()

    with side_loop() as run:
        try:
            yield double, run(begin())
        finally:
            run(end())
