"""What every adapter of the BudgetStore port does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.errors import NotFound
from backend.ports.budgets import Budget, Count, Draw, window_of
from backend.ports.stores import ApiKey
from backend.storage.budgets import SqlBudgetStore
from backend.storage.postgres_database import PostgresDatabase
from backend.storage.users import SqlUserStore
from tests.conformance.stores.conftest import BOB
from tests.fakes.sql_databases import postgres_copy

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS + 5
SINCE_MS = 20_000 * DAY_MS
REQUESTS = Budget(
    id="budget_r", scope="user", subject="user_bob", resource="requests", period="day", limit=3
)
TOKENS = replace(REQUESTS, id="budget_t", resource="tokens", limit=100)
RUNS = replace(REQUESTS, id="budget_c", resource="concurrent_runs", period="now", limit=2)
EVERYBODY = replace(REQUESTS, id="budget_e", scope="default", subject="")


def draw(budget, amount=1, counted="", *, since_ms=None):
    since_ms = (0 if budget.period == "now" else SINCE_MS) if since_ms is None else since_ms
    return Draw(budget=budget, since_ms=since_ms, amount=amount, counted=counted)


async def take(store, hold_id, *draws, now_ms=NOW_MS):
    """Take for ten seconds; tell whether it was given."""
    found = await store.take(hold_id, draws, now_ms=now_ms, lease_until_ms=now_ms + 10_000)
    return all(one.fits for one in found)


async def told(store, *draws, now_ms=NOW_MS):
    return [(one.used, one.held) for one in await store.counts(draws, now_ms=now_ms)]


@pytest.fixture
async def store(stores):
    """The store, with three budgets of Bob's."""
    for budget in (REQUESTS, TOKENS, RUNS):
        await stores.budgets.put(budget)
    return stores.budgets


async def test_a_budget_is_set_changed_and_forgotten(stores):
    """One of the same place keeps its id and its count, whatever id comes with the new limit."""
    assert await stores.budgets.put(REQUESTS) == REQUESTS
    await take(stores.budgets, "h", draw(REQUESTS))
    changed = await stores.budgets.put(replace(REQUESTS, id="other", limit=9, created_at_ms=7))
    assert changed == replace(REQUESTS, limit=9)
    of_model = await stores.budgets.put(replace(REQUESTS, id="budget_m", model="m"))
    everybody = await stores.budgets.put(EVERYBODY)
    assert list(await stores.budgets.all()) == [everybody, changed, of_model]
    assert await told(stores.budgets, draw(REQUESTS)) == [(1, 0)]
    assert await stores.budgets.delete(REQUESTS.id)
    assert not await stores.budgets.delete(REQUESTS.id)
    assert list(await stores.budgets.all()) == [everybody, of_model]
    assert await told(stores.budgets, draw(REQUESTS)) == [(0, 0)]


async def test_budgets_are_of_users_and_keys_that_there_are(stores):
    """They go with them, and so do their counts and what is held."""
    for scope in ("user", "key"):
        with pytest.raises(NotFound):
            await stores.budgets.put(replace(REQUESTS, scope=scope, subject="nobody"))
    await stores.keys.add(ApiKey(id="key_1", user_id=BOB.id, name="k", hash="h", hint="h"))
    of_key = await stores.budgets.put(replace(TOKENS, id="budget_k", scope="key", subject="key_1"))
    await stores.budgets.put(REQUESTS)
    await stores.budgets.put(EVERYBODY)
    await take(stores.budgets, "h", draw(of_key), draw(REQUESTS), draw(EVERYBODY, 1, BOB.id))
    await stores.keys.delete(BOB.id, "key_1")
    assert list(await stores.budgets.all()) == [EVERYBODY, REQUESTS]
    assert await take(stores.budgets, "h2", draw(of_key, 1000))
    assert not await stores.budgets.settle("h2", {"tokens": 5})
    await stores.users.delete(BOB.id)
    assert list(await stores.budgets.all()) == [EVERYBODY]


async def test_requests_are_used_at_once_and_refused_when_there_are_none(store):
    """A period of its own has its own count, and so has each user of a budget that everybody has."""
    await store.put(EVERYBODY)
    assert [await take(store, "h", draw(REQUESTS)) for _ in range(4)] == [True, True, True, False]
    assert await told(store, draw(REQUESTS)) == [(3, 0)]
    assert await take(store, "h", draw(REQUESTS, since_ms=SINCE_MS + DAY_MS))
    assert await take(store, "h", draw(EVERYBODY, 3, "user_bob"))
    assert await take(store, "h", draw(EVERYBODY, 3, "user_ann"))
    assert not await take(store, "h", draw(EVERYBODY, 1, "user_ann"))
    await store.give_back([draw(EVERYBODY, 1, "user_ann")])
    assert await take(store, "h", draw(EVERYBODY, 1, "user_ann"))


async def test_all_is_taken_or_nothing(store):
    """The counts tell what stood in the way."""
    assert await take(store, "h", draw(REQUESTS), draw(TOKENS, 60), draw(RUNS))
    found = await store.take(
        "h2",
        [draw(REQUESTS), draw(TOKENS, 60), draw(RUNS)],
        now_ms=NOW_MS,
        lease_until_ms=NOW_MS + 1,
    )
    assert {one.draw.budget.id: one.fits for one in found} == {
        "budget_c": True,
        "budget_r": True,
        "budget_t": False,
    }
    assert Count(draw(TOKENS, 60), 0, 60) in found
    assert await told(store, draw(REQUESTS), draw(TOKENS), draw(RUNS)) == [(1, 0), (0, 60), (0, 1)]
    assert not await store.settle("h2", {"tokens": 60})


async def test_what_was_used_takes_the_place_of_what_was_held_once(store):
    """More or less than that; a run leaves nothing behind."""
    assert await take(store, "h", draw(TOKENS, 60), draw(RUNS))
    assert await store.settle("h", {"tokens": 75, "concurrent_runs": 1})
    assert not await store.settle("h", {"tokens": 75})
    assert await told(store, draw(TOKENS), draw(RUNS)) == [(75, 0), (0, 0)]
    assert not await take(store, "h2", draw(TOKENS, 26))
    assert await take(store, "h2", draw(TOKENS, 25))


async def test_a_hold_grows(store):
    """Each time if there is room."""
    assert await take(store, "h", draw(TOKENS, 60))
    assert await take(store, "h", draw(TOKENS, 30))
    assert not await take(store, "h", draw(TOKENS, 30))
    assert await told(store, draw(TOKENS)) == [(0, 90)]


async def test_what_a_dead_server_held_is_given_back(store):
    """When its lease has run out; who renews goes on holding, and settles later all the same."""
    for hold_id in ("dead", "alive"):
        assert await take(store, hold_id, draw(TOKENS, 50), draw(RUNS))
    await store.renew(["alive", "unknown"], lease_until_ms=NOW_MS + 60_000)
    later_ms = NOW_MS + 10_001
    assert await told(store, draw(TOKENS), draw(RUNS), now_ms=later_ms) == [(0, 50), (0, 1)]
    assert await take(store, "next", draw(TOKENS, 50), draw(RUNS), now_ms=later_ms)
    assert await store.settle("dead", {"tokens": 10})
    assert await told(store, draw(TOKENS), now_ms=later_ms) == [(10, 100)]


async def test_what_is_long_past_is_forgotten(store):
    """What lasts is not."""
    assert await take(store, "h", draw(REQUESTS), draw(RUNS))
    await store.prune(SINCE_MS)
    assert await told(store, draw(REQUESTS), draw(RUNS)) == [(1, 0), (0, 1)]
    await store.prune(NOW_MS + DAY_MS)
    assert await told(store, draw(REQUESTS), draw(RUNS)) == [(0, 0), (0, 0)]


def test_periods_are_those_of_the_calendar_in_utc():
    """February 2024 had 29 days."""
    leap_day_ms = 1_709_210_096_789  # 2024-02-29 12:34:56.789
    assert window_of("minute", leap_day_ms) == (1_709_210_040_000, 1_709_210_100_000)
    assert window_of("hour", leap_day_ms) == (1_709_208_000_000, 1_709_211_600_000)
    assert window_of("day", leap_day_ms) == (1_709_164_800_000, 1_709_251_200_000)
    assert window_of("month", leap_day_ms) == (1_706_745_600_000, 1_709_251_200_000)
    december = window_of("month", 1_703_500_000_000)
    assert december == (1_701_388_800_000, 1_704_067_200_000)
    assert window_of("now", 5) == (0, 5)


@pytest.fixture
async def two_servers(migrated_postgres):
    """The stores of two servers on one PostgreSQL."""
    with postgres_copy(migrated_postgres, "empty") as url:
        databases = [PostgresDatabase(url), PostgresDatabase(url)]
        await SqlUserStore(databases[0]).add(BOB)
        yield [SqlBudgetStore(one) for one in databases]
        for one in databases:
            await one.aclose()


async def test_two_servers_together_give_out_no_more_than_there_is(two_servers):
    """Of fifty at once exactly as many get through as the smallest budget has room for."""
    budgets = [
        replace(REQUESTS, limit=20),
        replace(TOKENS, limit=20_000),
        replace(RUNS, limit=30),
    ]
    for one in budgets:
        await two_servers[0].put(one)

    async def one_of(at):
        store = two_servers[at % 2]
        draws = [draw(budgets[0]), draw(budgets[1], 1_000), draw(budgets[2])]
        got = await take(store, f"h{at}", *draws[:: 1 if at % 3 else -1])
        if got and at % 2:
            assert await store.settle(f"h{at}", {"tokens": 1_000})
        return got

    got = await asyncio.gather(*map(one_of, range(50)))
    assert sum(got) == 20
    counted = [draw(one) for one in budgets]
    of_both = [await told(store, *counted) for store in two_servers]
    settled = sum(got[1::2])
    assert of_both[0] == of_both[1]
    assert of_both[0] == [(20, 0), (settled * 1000, (20 - settled) * 1000), (0, 20 - settled)]


async def test_what_two_servers_settle_at_once_counts_once(two_servers):
    """As when one is taken for dead and comes back."""
    await two_servers[0].put(TOKENS)
    for round_number in range(10):
        await take(two_servers[0], f"h{round_number}", draw(TOKENS, 1))
        settled = await asyncio.gather(
            *(store.settle(f"h{round_number}", {"tokens": 1}) for store in two_servers)
        )
        assert sorted(settled) == [False, True]
    assert await told(two_servers[1], draw(TOKENS)) == [(10, 0)]
