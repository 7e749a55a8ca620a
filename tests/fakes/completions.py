"""Asking for chat completions, and taking their streams apart."""

from __future__ import annotations

from typing import Any

import orjson
from httpx import AsyncClient

MODEL = "llama3.2"
HI: list[Any] = [{"role": "user", "content": "Hello, how are you?"}]
CHAT = "/v1/chat/completions"


def weather_tool(name: str = "get_weather") -> Any:
    """Make a tool that the caller carries out."""
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


async def frames_of(http: AsyncClient, **body: Any) -> list[Any]:
    """Stream a completion and give its data frames, "[DONE]" as it stands."""
    asked = {"model": MODEL, "messages": HI, "stream": True, **body}
    answer = await http.post(CHAT, json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else orjson.loads(line) for line in lines]


def joined(frames: list[Any], name: str = "content") -> str:
    """Join one field of the deltas."""
    deltas = [frame["choices"][0]["delta"] for frame in frames if choices(frame)]
    return "".join(delta.get(name) or "" for delta in deltas)


def choices(frame: Any) -> list[Any]:
    """Give a frame's choices; none for [DONE]."""
    return [] if frame == "[DONE]" else frame["choices"]
