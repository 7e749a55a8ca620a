"""Following how a file is read, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from httpx import AsyncClient, Response

from tests.fakes.uploads import DOCUMENTS, SLOW, halted_worker, uploaded


async def events(answer: Response) -> AsyncIterator[tuple[str, Any]]:
    """Read a stream of events."""
    name = ""
    async for line in answer.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, orjson.loads(value)


async def test_the_reading_of_a_file_can_be_followed(mine: AsyncClient) -> None:
    """Its state now and after every change, then the end."""
    seen: list[tuple[str, Any]] = []
    async with halted_worker(mine) as go_on, asyncio.timeout(30):
        held = await uploaded(mine, "slow.txt", SLOW, params={"wait": 0})
        where = f"{DOCUMENTS}/{held}/events"
        async with mine.stream("GET", where) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for name, data in events(answer):
                seen.append((name, data.get("state")))
                go_on()
    assert seen[0] == ("state", "queued")
    assert seen[-2:] == [("state", "ready"), ("end", None)]


async def test_a_reader_of_the_events_that_leaves_is_let_go(mine: AsyncClient) -> None:
    """And one who comes when all is done gets the last state and the end."""
    async with halted_worker(mine):
        held = await uploaded(mine, "slow.txt", SLOW, params={"wait": 0})
        async with mine.stream("GET", f"{DOCUMENTS}/{held}/events") as answer:
            async for _ in answer.aiter_lines():
                break
    await uploaded(mine, "slow.txt", SLOW)
    text = (await mine.get(f"{DOCUMENTS}/{held}/events")).text
    assert [line for line in text.splitlines() if line.startswith("event")] == [
        "event: state",
        "event: end",
    ]
