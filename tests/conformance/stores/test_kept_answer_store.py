"""What every adapter of the KeptAnswerStore port does."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from backend.ports.kept_answers import KeptAnswer, KeptBounds
from backend.storage.stores import sql_stores
from backend.storage.upstream_tables import kept_answers
from tests.conformance.stores.conftest import ANN, BOB

HOUR_MS = 3_600_000
BOUNDS = KeptBounds(ttl_ms=HOUR_MS, max_rows=10, max_bytes=10_000)


def kept(key: str, *, at_ms: int = 1000, size: int = 10, user_id: str = "user_ann"):
    answer = {"content": f"answer {key}"}
    return KeptAnswer(key=key, user_id=user_id, answer=answer, size_bytes=size, created_at_ms=at_ms)


async def found(stores, key: str, *, now_ms: int = 2000):
    since_ms = now_ms - HOUR_MS
    return await stores.kept_answers.get(key, since_ms=since_ms, now_ms=now_ms)


async def test_an_answer_is_given_until_it_is_too_old(stores):
    """The newest of a key; the very last moment counts."""
    await stores.kept_answers.put(kept("a", at_ms=500), BOUNDS)
    await stores.kept_answers.put(kept("a"), BOUNDS)
    assert await found(stores, "a") == {"content": "answer a"}
    assert await found(stores, "a", now_ms=1000 + HOUR_MS) is not None
    assert await found(stores, "a", now_ms=1001 + HOUR_MS) is None
    assert await found(stores, "b") is None
    assert await stores.kept_answers.totals() == (1, 10)


async def test_what_was_used_longest_ago_leaves_when_there_are_too_many(stores):
    """Down to nine tenths, so that not every answer makes room anew."""
    for at in range(10):
        await stores.kept_answers.put(kept(f"k{at}", at_ms=1000 + at), BOUNDS)
    assert await found(stores, "k0", now_ms=1000 + 60_000) is not None  # used again
    await stores.kept_answers.put(kept("new", at_ms=2000 + 60_000), BOUNDS)
    assert await stores.kept_answers.totals() == (9, 90)
    left = [key for key in ("k0", "k1", "k2", "new") if await found(stores, key, now_ms=70_000)]
    assert left == ["k0", "new"]


async def test_bytes_are_bounded_as_rows_are(stores):
    """A single answer that is larger than the room is not kept."""
    await stores.kept_answers.put(kept("a", size=6000), BOUNDS)
    await stores.kept_answers.put(kept("b", at_ms=1001, size=5000), BOUNDS)
    assert await stores.kept_answers.totals() == (1, 5000)
    assert await found(stores, "b") is not None
    await stores.kept_answers.put(kept("huge", at_ms=1002, size=20_000), BOUNDS)
    assert await stores.kept_answers.totals() == (0, 0)


async def test_old_answers_leave_with_the_next_one(stores):
    """Whoever's they are."""
    await stores.kept_answers.put(kept("a"), BOUNDS)
    await stores.kept_answers.put(kept("b", at_ms=1001 + HOUR_MS, user_id="user_bob"), BOUNDS)
    assert await stores.kept_answers.totals() == (1, 10)


async def test_answers_of_a_user_go_with_the_user(stores):
    """Whoever may be given them; those made for others stay."""
    await stores.kept_answers.put(kept("a", user_id="user_bob"), BOUNDS)
    await stores.kept_answers.put(kept("b"), BOUNDS)
    await stores.users.delete("user_bob")
    assert await stores.kept_answers.totals() == (1, 10)
    assert await stores.kept_answers.clear() == 1
    assert await stores.kept_answers.totals() == (0, 0)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_what_an_earlier_version_kept_for_all_goes_with_the_first_user_who_goes(
    request, clock, kind
):
    """It may be theirs: nothing tells."""
    database = request.getfixturevalue(f"{kind}_database")
    stores = sql_stores(database, clock=clock)
    await stores.users.add(ANN)
    await stores.users.add(BOB)
    await stores.kept_answers.put(kept("a"), BOUNDS)
    await stores.kept_answers.put(kept("b"), BOUNDS)
    nobodys = update(kept_answers).where(kept_answers.c.key == "a").values(user_id=None)
    await database.write(lambda connection: connection.execute(nobodys) and None)
    await stores.users.delete("user_bob")
    assert [await found(stores, key) is not None for key in "ab"] == [False, True]
    await stores.aclose()
