"""The practical limit: an ASGI app that only rewrites Ollama's lines as OpenAI chunks.

No log-in, no routing, no storage. Serve it with uvicorn; UPSTREAM names the model server.
"""

from __future__ import annotations

import os
from typing import Any

import aiohttp
import orjson
from starlette.types import Receive, Scope, Send

UPSTREAM = os.environ["UPSTREAM"]
HEAD = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
PREFIX = HEAD + b'"choices":[{"index":0,"delta":{"content":'
SUFFIX = b'},"finish_reason":null}]}\n\n'
sessions: list[aiohttp.ClientSession] = []


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one chat completion stream, and 200 for anything else."""
    if scope["type"] == "lifespan":
        await receive()
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        sessions.append(session)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await session.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    message = await receive()
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["method"] == "POST":
        await _transcode(orjson.loads(message["body"]), send)
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def _transcode(body: dict[str, Any], send: Send) -> None:
    asked = {
        "model": body["model"],
        "messages": body["messages"],
        "options": {"num_predict": body.get("max_tokens", -1)},
    }
    async with sessions[0].post(f"{UPSTREAM}/api/chat", data=orjson.dumps(asked)) as reply:
        rest = b""
        async for part in reply.content.iter_any():
            *lines, rest = (rest + part).split(b"\n")
            frames = [
                PREFIX + orjson.dumps(orjson.loads(line)["message"]["content"]) + SUFFIX
                for line in lines
                if line
            ]
            if frames:
                await send({
                    "type": "http.response.body",
                    "body": b"".join(frames),
                    "more_body": True,
                })
