"""What one server tells, all that hear are told: within one process, and by a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import psycopg
import pytest

from backend.kit.clocks import SystemClock
from backend.ports.signals import MOST_BYTES, Signals
from backend.ports.values import JsonObject
from backend.storage.memory.signals import LocalSignals
from backend.storage.postgres_signals import PostgresSignals
from tests.fakes.sql_databases import empty_postgres, postgres_copy


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own."""
    with empty_postgres() as server:
        yield server


@dataclass(frozen=True, slots=True)
class Sides:
    """Two servers on one database, or one that is alone."""

    one: Signals
    other: Signals


class Heard:
    """What was told of a topic, waited for."""

    def __init__(self, signals: Signals, topic: str) -> None:
        self.found: list[JsonObject] = []
        self._news = asyncio.Event()
        self.leave = signals.hear(topic, self._take)

    def _take(self, told: JsonObject) -> None:
        self.found.append(told)
        self._news.set()

    async def first(self, count: int) -> list[JsonObject]:
        async with asyncio.timeout(30):
            while len(self.found) < count:
                self._news.clear()
                await self._news.wait()
        return self.found


@pytest.fixture(params=["local", "postgres"])
async def sides(request: pytest.FixtureRequest) -> AsyncIterator[Sides]:
    """Give every adapter of the port."""
    if request.param == "local":
        alone = LocalSignals()
        yield Sides(alone, alone)
        await alone.aclose()
        return
    with postgres_copy(request.getfixturevalue("postgres")) as url:
        made = [PostgresSignals(url, clock=SystemClock()) for _ in range(2)]
        await asyncio.gather(*(one.start() for one in made))
        yield Sides(*made)
        await asyncio.gather(*(one.aclose() for one in made))


async def test_a_topic_is_heard_until_it_is_not_wanted_any_more(sides: Sides) -> None:
    """Others hear nothing of it."""
    cancelled, still = Heard(sides.other, "cancel"), Heard(sides.other, "cancel")
    other = Heard(sides.other, "wake")
    await sides.one.tell("cancel", {"run_id": "run_1"})
    assert await cancelled.first(1) == [{"run_id": "run_1"}]
    cancelled.leave()
    await sides.one.tell("cancel", {"run_id": "run_2"})
    assert await still.first(2) == [{"run_id": "run_1"}, {"run_id": "run_2"}]
    assert cancelled.found == [{"run_id": "run_1"}]
    assert other.found == []


async def test_who_tells_hears_it_too_and_in_order(sides: Sides) -> None:
    """Whatever is told at once."""
    here, there = Heard(sides.one, "count"), Heard(sides.other, "count")
    await asyncio.gather(*(sides.one.tell("count", {"n": n}) for n in range(100)))
    assert await here.first(100) == [{"n": n} for n in range(100)]
    assert await there.first(100) == [{"n": n} for n in range(100)]


async def test_what_is_too_long_is_refused_and_the_longest_arrives(sides: Sides) -> None:
    """In any script."""
    heard = Heard(sides.other, "long")
    with pytest.raises(ValueError, match="look up"):
        await sides.one.tell("long", {"text": "x" * MOST_BYTES})
    longest = {"text": "é" * ((MOST_BYTES - 40) // 2)}
    await sides.one.tell("long", longest)
    assert await heard.first(1) == [longest]


async def test_a_hearer_that_fails_does_not_stop_the_others(postgres: str) -> None:
    """Nor the connection."""

    def failing(told: JsonObject) -> None:
        raise KeyError(told["missing"])

    with postgres_copy(postgres) as url:
        signals = PostgresSignals(url, clock=SystemClock())
        await signals.start()
        signals.hear("topic", failing)
        heard = Heard(signals, "topic")
        await signals.tell("topic", {"n": 1})
        await signals.tell("topic", {"n": 2})
        assert await heard.first(2) == [{"n": 1}, {"n": 2}]
        await signals.aclose()


async def test_a_connection_that_broke_is_made_again(postgres: str) -> None:
    """What is told meanwhile is lost without an error; what is told then arrives."""
    with postgres_copy(postgres) as url:
        one, other = (PostgresSignals(url, clock=SystemClock()) for _ in range(2))
        await asyncio.gather(one.start(), other.start())
        heard = Heard(other, "topic")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        async with asyncio.timeout(30):
            while not heard.found:
                await one.tell("topic", {"n": 1})
                await asyncio.wait([asyncio.ensure_future(heard.first(1))], timeout=0.1)
        await asyncio.gather(one.aclose(), other.aclose())
    await one.tell("topic", {"n": 2})
    assert heard.found[0] == {"n": 1}
