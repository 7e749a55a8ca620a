"""Asking for chat completions, and taking their streams apart."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client sees of a completion, streamed or not."""

    status: int
    content: str | None = None
    calls: tuple[tuple[str, Any], ...] = ()
    finish_reason: str | None = None
    error: Any = None


async def outcome_of(http: AsyncClient, *, stream: bool, **body: Any) -> Outcome:
    """Ask for a completion and give what came of it; calls as name and read arguments."""
    answer = await http.post(CHAT, json={"model": MODEL, "messages": HI, "stream": stream, **body})
    if answer.status_code != 200:
        return Outcome(answer.status_code, error=answer.json()["error"])
    if not stream:
        choice = answer.json()["choices"][0]
        message = choice["message"]
        calls = message.get("tool_calls") or []
        return Outcome(200, message["content"], _read(calls), choice["finish_reason"])
    lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    frames = [orjson.loads(line) for line in lines if line != "[DONE]"]
    if "error" in frames[-1]:
        return Outcome(200, joined(frames[:-1]), error=frames[-1]["error"])
    deltas = [one["choices"][0]["delta"] for one in frames]
    calls = [call for delta in deltas for call in delta.get("tool_calls") or ()]
    assert [call["index"] for call in calls] == list(range(len(calls)))
    reason = frames[-1]["choices"][0]["finish_reason"]
    return Outcome(200, joined(frames) or None if calls else joined(frames), _read(calls), reason)


def _read(calls: list[Any]) -> tuple[tuple[str, Any], ...]:
    functions = [call["function"] for call in calls]
    return tuple((one["name"], orjson.loads(one["arguments"])) for one in functions)
