"""Large bodies that are held in memory have a bound together."""

from __future__ import annotations

import asyncio
from typing import Any

from backend.api.middleware import Edge


class Held:
    """An application that reads a body and keeps it until it may go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.reading = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        self.reading += 1
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(edge: Edge, size: int, path: str = "/held") -> int:
    """Send a body of that size in pieces, without telling its length, and give the status."""
    pieces = [{"type": "http.request", "body": b"x" * 10, "more_body": True}] * (size // 10)
    messages = iter([*pieces, {"type": "http.request", "body": b"", "more_body": False}])
    answers: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        answers.append(message)

    await edge({"type": "http", "path": path, "method": "POST", "headers": []}, receive, send)
    return answers[0]["status"]


async def test_large_bodies_at_once_are_bounded_and_small_ones_go_by():
    """One too many is told to come again; room is given back when an answer has gone out."""
    app = Held()
    edge = Edge(
        app,
        max_body_bytes=100,
        larger_bodies={"/held": 1000, "/disk": 1000},
        held_paths=["/held"],
        held_bytes=2000,
    )
    large = [asyncio.ensure_future(ask(edge, 500)) for _ in range(2)]
    while app.reading < 2:
        await asyncio.wait(large, timeout=0)
    others = [asyncio.ensure_future(ask(edge, *one)) for one in [(100,), (500, "/disk")]]
    assert await ask(edge, 500) == 503
    app.go_on.set()
    assert await asyncio.gather(*large, *others) == [200] * 4
    assert [await ask(edge, size) for size in (500, 1010)] == [200, 413]
