"""What every adapter of the RateLimiter port does, and what several servers on one database do."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.clocks import SteppedClock
from backend.ports.limits import Allowance, Standing
from backend.storage.memory.rate_limits import MemoryRateLimiter
from backend.storage.postgres_database import PostgresDatabase
from backend.storage.rate_limits import SqlRateLimiter
from backend.storage.users import SqlUserStore
from tests.conformance.stores.conftest import ANN, BOB
from tests.fakes.sql_databases import postgres_copy

ME = BOB.id


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def make(request, clock):
    """Make the limiter of one adapter."""
    if request.param == "memory":
        yield lambda requests, tokens: MemoryRateLimiter(clock, requests, tokens)
        return
    database = request.getfixturevalue(f"{request.param}_database")
    for user in (ANN, BOB):
        await SqlUserStore(database).add(user)
    yield lambda requests, tokens: SqlRateLimiter(database, clock, requests, tokens)
    await database.aclose()


async def test_a_minutes_worth_may_come_at_once_and_then_it_is_the_pace(make, clock):
    """Each user's for itself; a refused request costs nothing, and neither does looking."""
    limits = make(3, 0)
    taken = [await limits.take(ME) for _ in range(5)]
    assert [one.exceeded for one in taken] == [None, None, None, "requests", "requests"]
    assert [one.allowances[0].remaining for one in taken] == [2, 1, 0, 0, 0]
    assert (taken[0].allowances[0].reset_s, taken[3].wait_s) == (20, 20)
    assert (await limits.take(ANN.id)).exceeded is None
    clock.step(19.9)
    assert (await limits.take(ME)).exceeded == "requests"
    clock.step(0.2)
    for _ in range(2):
        assert (await limits.standing(ME)).allowances[0].remaining == 1
    assert (await limits.take(ME)).exceeded is None


async def test_no_more_is_left_than_there_is(make, clock):
    """Of a share that was drawn and has come back since, nothing is told twice."""
    limits = make(30_000, 0)
    await limits.take(ME)
    for seconds in (0.5, 30):
        clock.step(seconds)
        assert (await limits.standing(ME)).allowances[0].remaining == 30_000


async def test_tokens_count_when_they_are_known_and_may_be_overdrawn(make, clock):
    """The next request waits until the debt is paid."""
    limits = make(0, 600)
    assert (await limits.standing(ME)) == Standing((Allowance("tokens", 600, 600, 0),))
    assert (await limits.take(ME)).exceeded is None
    limits.spend(ME, 1200)
    refused = await limits.take(ME)
    assert (refused.exceeded, refused.allowances) == (
        "tokens",
        (Allowance("tokens", 600, 0, 120),),
    )
    clock.step(60.2)
    assert (await limits.take(ME)).exceeded is None


async def test_who_is_gone_is_no_fault(make):
    """The request finds that out itself."""
    limits = make(3, 3)
    limits.spend("user_gone", 5)
    assert (await limits.take("user_gone")).allowances[0].limit == 3


@pytest.fixture
async def two_servers(migrated_postgres):
    """The databases of two servers on one PostgreSQL."""
    with postgres_copy(migrated_postgres, "empty") as url:
        databases = [PostgresDatabase(url), PostgresDatabase(url)]
        await SqlUserStore(databases[0]).add(BOB)
        yield databases
        for one in databases:
            await one.aclose()


async def test_two_servers_let_through_what_one_would(two_servers):
    """Fifty at once on a limit of twenty; a clock that is behind adds nothing."""
    clock, behind = SteppedClock(), SteppedClock(start_ms=SteppedClock().now_ms() - 3000)
    servers = [
        SqlRateLimiter(database, its_clock, 20, 1000)
        for database, its_clock in zip(two_servers, (clock, behind), strict=True)
    ]
    taken = await asyncio.gather(*(servers[at % 2].take(ME) for at in range(50)))
    assert sum(one.exceeded is None for one in taken) == 20
    servers[1].spend(ME, 900)
    await servers[1].aclose()
    assert (await servers[0].standing(ME)).allowances[1].remaining == 100


async def test_several_requests_are_drawn_at_a_time_where_there_are_many(two_servers):
    """Never more in all than there are; what is not used in a second lapses."""
    clock = SteppedClock()
    servers = [SqlRateLimiter(database, clock, 5120, 0) for database in two_servers]
    told = await servers[0].take(ME)
    assert told.allowances[0].remaining == 5119
    assert (await servers[1].take(ME)).allowances[0].remaining == 5099
    clock.step(1)  # their shares are old; 85.3 requests have come in
    await servers[0].take(ME)
    assert (await servers[1].take(ME)).allowances[0].remaining == 5120 - 20 - 1
    let_through = 0
    refused = [False, False]
    while not all(refused):
        for at, server in enumerate(servers):
            refused[at] = (await server.take(ME)).exceeded is not None
            let_through += not refused[at]
    assert let_through == 5120 - 2
