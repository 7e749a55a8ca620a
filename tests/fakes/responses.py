"""Asking for responses, and taking their streams apart."""

from __future__ import annotations

from typing import Any

import orjson
from httpx import AsyncClient

from tests.fakes.completions import MODEL

RESPONSES = "/v1/responses"


async def ask(http: AsyncClient, said: Any = "Hello, how are you?", /, **body: Any) -> Any:
    """Ask for a response and give it."""
    answer = await http.post(RESPONSES, json={"model": MODEL, "input": said, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(http: AsyncClient, **body: Any) -> tuple[int, str | None, str | None]:
    """Ask for a response and give the status, the field and the code of the refusal."""
    asked = {"model": MODEL, "input": "Hello, how are you?", **body}
    answer = await http.post(RESPONSES, json=asked)
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return answer.status_code, error["param"], error["code"]


async def events(http: AsyncClient, said: Any = "Hello, how are you?", /, **body: Any) -> list[Any]:
    """Stream a response and give its events."""
    asked = {"model": MODEL, "input": said, "stream": True, **body}
    answer = await http.post(RESPONSES, json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    return events_in(answer.text)


def events_in(stream: str) -> list[Any]:
    """Take a stream apart; each event's name is its type."""
    found: list[Any] = []
    for block in filter(None, stream.split("\n\n")):
        if block.startswith(":"):
            continue
        name, data = block.split("\n")
        event = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def types(found: list[Any]) -> list[str]:
    """Give the types of events without the common beginning."""
    return [one["type"].removeprefix("response.") for one in found]


def texts(response: Any) -> str:
    """Join the texts of a response's messages."""
    messages = [one for one in response["output"] if one["type"] == "message"]
    return "".join(part["text"] for one in messages for part in one["content"])
