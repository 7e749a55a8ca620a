"""A PostgreSQL that says nothing more is given up, and found again when it does."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

from backend.errors import Unavailable
from backend.kit.clocks import SystemClock
from backend.storage.database import ping
from backend.storage.postgres_checkpoints import CheckpointTables
from backend.storage.postgres_database import PostgresDatabase
from backend.storage.postgres_nearest import LOCK as INDEX_LOCK
from backend.storage.postgres_patience import unhurried
from backend.storage.postgres_signals import PostgresSignals
from tests.fakes.sql_databases import postgres_copy
from tests.fakes.stalling_relay import Relay, stalling_relay

SOON_S = 0.5


@pytest.fixture
def relay(migrated_postgres) -> Iterator[Relay]:
    """A way to a database of the test's own."""
    with postgres_copy(migrated_postgres, "empty") as url, stalling_relay(url) as made:
        yield made


def sleep(connection, seconds: float) -> str:
    connection.execute(text("SELECT pg_sleep(:s)"), {"s": seconds})
    return "slept"


def sleep_unhurried(connection, seconds: float) -> str:
    with unhurried(connection):
        return sleep(connection, seconds)


async def test_work_under_way_ends_and_later_work_is_done(relay: Relay) -> None:
    """Every thread that waited is free again; nobody has to restart the server."""
    database = PostgresDatabase(relay.url, silent_for_s=SOON_S)
    await asyncio.gather(*(database.read(ping) for _ in range(8)))
    relay.stall()
    asked = [database.read(ping) for _ in range(4)] + [database.write(ping) for _ in range(4)]
    found = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)
    assert {type(one) for one in found} == {Unavailable}
    assert "cannot be reached" in str(found[0])
    relay.go_on()
    await asyncio.wait_for(asyncio.gather(*(database.read(ping) for _ in range(8))), 30)
    await database.aclose()


async def test_what_may_take_long_is_waited_for(relay: Relay) -> None:
    """The index of vectors is made for minutes without a word."""
    database = PostgresDatabase(relay.url, silent_for_s=SOON_S)
    assert await database.read(sleep_unhurried, SOON_S * 3) == "slept"
    with pytest.raises(Unavailable):
        await database.read(sleep, SOON_S * 3)
    await database.aclose()


async def test_whoever_asks_how_it_is_is_told_soon(relay: Relay) -> None:
    """A balancer does not wait for a minute."""
    database = PostgresDatabase(relay.url)
    assert (await database.health()).ok
    relay.stall()
    began_s = time.monotonic()
    found = await database.health()
    assert (found.ok, found.detail) == (False, "The database does not answer within 5 s.")
    assert time.monotonic() - began_s < 20
    relay.go_on()
    await database.aclose()


async def test_the_kernel_is_told_not_to_wait_for_a_machine_that_is_gone(relay: Relay) -> None:
    """Nobody answers for it: neither what is idle nor what was sent may wait for hours."""

    def options(connection) -> list[int]:
        held = connection.connection.driver_connection
        names = (socket.SO_KEEPALIVE, socket.TCP_KEEPIDLE, socket.TCP_USER_TIMEOUT)
        levels = (socket.SOL_SOCKET, socket.IPPROTO_TCP, socket.IPPROTO_TCP)
        with socket.socket(fileno=os.dup(held.fileno())) as seen:
            return [seen.getsockopt(*one) for one in zip(levels, names, strict=True)]

    database = PostgresDatabase(relay.url)
    assert await database.read(options) == [1, 15, 20_000]
    await database.aclose()


async def test_who_tells_something_is_not_kept_waiting(relay: Relay) -> None:
    """What is told is lost, as it is without a connection."""
    signals = PostgresSignals(relay.url, clock=SystemClock())
    await signals.start()
    relay.stall()
    await asyncio.wait_for(signals.tell("topic", {"n": 1}), 60)
    relay.go_on()
    await signals.aclose()


async def test_agents_run_while_the_index_of_vectors_is_made(migrated_postgres) -> None:
    """That takes minutes, and holds a lock of its own."""
    with (
        postgres_copy(migrated_postgres, "empty") as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute("SELECT pg_advisory_lock(%s)", (INDEX_LOCK,))
        tables = CheckpointTables(url, connections=1)
        assert await tables.saver() is not None
        await tables.aclose()
