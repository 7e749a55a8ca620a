"""A real server with its own settings, for what one server's tests would spoil for others."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.live_server import LiveServer, live_server
from tests.fakes.ollama_double import OllamaDouble

CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Served:
    """The server, the model servers behind it, and an administrator's client."""

    live: LiveServer
    doubles: list[OllamaDouble]
    http: httpx.AsyncClient


@contextlib.asynccontextmanager
async def served(folder: Path, *, servers: int = 1, **environ: str) -> AsyncGenerator[Served]:
    """Serve over so many model servers."""
    async with contextlib.AsyncExitStack() as stack:
        doubles = [await stack.enter_async_context(OllamaDouble()) for _ in range(servers)]
        hosts = ",".join(one.url for one in doubles)
        given = {"OLLAMA_HOST": hosts, **environ}
        live = await stack.enter_async_context(live_server(folder, **given))
        live.token = await live.log_in()
        http = await stack.enter_async_context(live.http(live.token))
        yield Served(live, doubles, http)


def body(text: str = "hi there", **more: Any) -> dict[str, Any]:
    """Ask the usual model in plain chat."""
    messages = [{"role": "user", "content": text}]
    return {"model": "llama3.2", "messages": messages, "agent_type": "chat", **more}
