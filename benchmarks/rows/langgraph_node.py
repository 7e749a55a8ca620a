"""A bare LangGraph server: one node that streams from Ollama through the custom stream writer.

The yardstick for the agent modes. No log-in, no routing, no storage.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any, TypedDict

import aiohttp
import orjson
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

UPSTREAM = os.environ["UPSTREAM"]
HEAD = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
PREFIX = HEAD + b'"choices":[{"index":0,"delta":{"content":'
SUFFIX = b'},"finish_reason":null}]}\n\n'
sessions: list[aiohttp.ClientSession] = []


class State(TypedDict):
    """The request in, the answer out."""

    asked: dict[str, Any]
    answer: str


async def respond(state: State) -> dict[str, str]:
    """Stream the model's answer through the writer."""
    if not sessions:
        sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    write = get_stream_writer()
    parts: list[str] = []
    async with sessions[0].post(f"{UPSTREAM}/api/chat", data=orjson.dumps(state["asked"])) as reply:
        async for line in reply.content:
            text = orjson.loads(line)["message"]["content"]
            parts.append(text)
            write(text)
    return {"answer": "".join(parts)}


builder = StateGraph(State)
builder.add_node("respond", respond)
builder.add_edge(START, "respond")
builder.add_edge("respond", END)
graph = builder.compile()


async def complete(request: Request) -> StreamingResponse:
    """Serve one chat completion stream."""
    body = orjson.loads(await request.body())
    asked = {
        "model": body["model"],
        "messages": body["messages"],
        "options": {"num_predict": body.get("max_tokens", -1)},
    }

    async def frames() -> AsyncIterator[bytes]:
        async for text in graph.astream({"asked": asked}, stream_mode="custom"):
            yield PREFIX + orjson.dumps(text) + SUFFIX
        yield b"data: [DONE]\n\n"

    return StreamingResponse(frames(), media_type="text/event-stream")


async def health(_: Request) -> PlainTextResponse:
    """Tell that the server is up."""
    return PlainTextResponse("ok")


app = Starlette(
    routes=[Route("/v1/chat/completions", complete, methods=["POST"]), Route("/health", health)]
)
