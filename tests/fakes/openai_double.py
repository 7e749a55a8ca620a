"""A real HTTP server that speaks OpenAI's completions as vLLM and llama.cpp do, scripted."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from tests.fakes.openai_completions import text_events
from tests.fakes.openai_embeddings import Vectors
from tests.fakes.recording import Received
from tests.fakes.replies import Reply, token_logprob, words_of
from tests.fakes.scripted import Script, ScriptedServer

MODELS = ("llama3.2", "qwen3:8b")
EMBEDDING_MODEL = "text-embedding-3-small"


class OpenAIDouble(ScriptedServer):
    """The server; its base URL for clients is `double.base_url`. Without a script a chat is echoed.

    With `api_key` every request needs that key. `refused_fields` are request fields it refuses by
    name, as older servers do.
    """

    stream_type = "text/event-stream"

    def __init__(self, *, default: Script | None = None, api_key: str = "") -> None:
        super().__init__(default or _echo)
        self.api_key = api_key
        self.refused_fields: dict[str, str] = {}
        self.models: list[dict[str, Any]] = [
            {"id": name, "object": "model", "created": 1, "owned_by": "us", "max_model_len": 8192}
            for name in (*MODELS, EMBEDDING_MODEL)
        ]
        self.vectors = Vectors()

    @property
    def base_url(self) -> str:
        """The address up to and with /v1."""
        return f"{self.url}/v1"

    @property
    def chats(self) -> list[Received]:
        """The requests to the chat route."""
        return self.at("/v1/chat/completions")

    async def arrived(self, count: int, path: str = "/v1/chat/completions") -> Received:
        """Wait until that many requests came to a path; return the last of them."""
        return await super().arrived(count, path)

    def frame(self, data: bytes) -> bytes:
        """Make one event."""
        return b"data: " + data + b"\n\n"

    def error_body(self, reply: Reply) -> bytes:
        """Write the error object."""
        return _error(reply.error, reply.status)

    def error_frame(self, text: str) -> bytes:
        """Write an error event."""
        return self.frame(_error(text, 500))

    async def _route(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        given = received.headers.get("Authorization", "")
        if self.api_key and given != f"Bearer {self.api_key}":
            return _refused(401, "Incorrect API key provided")
        if received.path in self.faults:
            return await self.answer_whole(request, self.faults[received.path])
        if received.path == "/v1/models":
            return web.json_response({"object": "list", "data": self.models})
        if received.method == "POST" and received.path in {
            "/v1/chat/completions",
            "/v1/completions",
            "/v1/embeddings",
        }:
            return await self._generate(request, received)
        return _refused(404, "Not Found")

    async def _generate(self, request: web.BaseRequest, received: Received) -> web.StreamResponse:
        body = received.body
        for field, text in self.refused_fields.items():
            if field in body:
                return _refused(400, text)
        if body["model"] not in {row["id"] for row in self.models}:
            return _refused(404, f"The model `{body['model']}` does not exist.")
        if events_of := EVENTS.get(received.path):
            return await self._stream(request, body, events_of=events_of)
        if refusal := self.vectors.refusal(body):
            return _refused(400, refusal)
        return web.json_response(self.vectors.answer(body))

    async def _stream(
        self, request: web.BaseRequest, body: dict[str, Any], *, events_of: Any
    ) -> web.StreamResponse:
        reply = self.choose(body)
        if reply.status != 200 or reply.raw is not None:
            return await self.answer_whole(request, reply)
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        lines = [self.frame(event) for event in events_of(body, reply, usage=usage)]
        self.open_streams += 1
        try:
            return await self.answer_lines(request, reply, lines)
        finally:
            self.open_streams -= 1


def chunk_of(model: str, delta: dict[str, Any], **choice: Any) -> bytes:
    """Write one chunk with one choice."""
    choices = [{"index": 0, "delta": delta, "finish_reason": None, **choice}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    return orjson.dumps({**head, "choices": choices})


def _events(body: dict[str, Any], reply: Reply, *, usage: bool) -> list[bytes]:
    model = body["model"]
    told = body.get("logprobs") and reply.logprobs
    top_logprobs = (body.get("top_logprobs") or 0) if told else None
    thoughts, words = words_of(reply.thinking), words_of(reply.content)
    deltas: list[dict[str, Any]] = [{"reasoning_content": piece} for piece in thoughts]
    deltas += [{"content": piece} for piece in words]
    for index, call in enumerate(reply.calls):
        text = orjson.dumps(call.arguments).decode()
        named = {"id": f"call_{index:08x}", "type": "function"} if reply.call_ids else {}
        head = {"index": index, **named, "function": {"name": call.name, "arguments": ""}}
        parts = [{"index": index, "function": {"arguments": piece}} for piece in _halves(text)]
        deltas += [{"tool_calls": [part]} for part in (head, *parts)]
    reason = "tool_calls" if reply.calls else reply.done_reason
    events = [chunk_of(model, delta, **_told(delta, top_logprobs)) for delta in deltas]
    events.append(chunk_of(model, {}, finish_reason=reason))
    if usage:
        said = reply.output_tokens if reply.output_tokens is not None else len(thoughts + words)
        counts = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": said}
        events.append(orjson.dumps({"model": model, "choices": [], "usage": counts}))
    return [*events, b"[DONE]"]


def _told(delta: dict[str, Any], asked: int | None) -> dict[str, Any]:
    token = delta.get("content")
    if asked is None or not token:
        return {}
    return {"logprobs": {"content": [token_logprob(token, asked)], "refusal": None}}


EVENTS = {"/v1/chat/completions": _events, "/v1/completions": text_events}


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]


def _error(text: str, status: int) -> bytes:
    return orjson.dumps({
        "error": {"message": text, "type": "error", "param": None, "code": status}
    })


def _refused(status: int, text: str) -> web.Response:
    return web.Response(status=status, body=_error(text, status), content_type="application/json")


def _echo(body: dict[str, Any]) -> Reply:
    said = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    return Reply(content=f"echo: {said}")
