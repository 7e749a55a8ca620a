"""What every adapter of the RefreshStore port does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from backend.ports.stores import RefreshToken

TOKEN = RefreshToken(
    id="refresh_1",
    user_id="user_bob",
    family="family_1",
    hash="hash_1",
    created_at_ms=10,
    expires_at_ms=100,
)
NEXT = replace(TOKEN, id="refresh_2", hash="hash_2")
OTHER = replace(TOKEN, id="refresh_3", hash="hash_3", family="family_2")


async def _add(stores, *tokens) -> None:
    for token in tokens:
        await stores.refresh_tokens.add(token)


async def test_a_token_is_taken_once(stores):
    """The first use returns it as unused."""
    await _add(stores, TOKEN)
    assert await stores.refresh_tokens.use("hash_1", 50) == TOKEN


async def test_a_reused_token_ends_its_whole_family(stores):
    """The second use returns the time of the first, and no token of the family works again."""
    await _add(stores, TOKEN, NEXT, OTHER)
    await stores.refresh_tokens.use("hash_1", 50)
    assert await stores.refresh_tokens.use("hash_1", 60) == replace(TOKEN, used_at_ms=50)
    assert await stores.refresh_tokens.use("hash_2", 61) is None
    assert await stores.refresh_tokens.use("hash_3", 61) == OTHER


async def test_a_token_whose_answer_was_lost_is_taken_again_for_a_while(stores):
    """The one after it, which nobody has used, goes; once that was used, or later, it is a replay."""
    third = replace(TOKEN, id="refresh_5", hash="hash_5")
    await _add(stores, TOKEN)
    await stores.refresh_tokens.use("hash_1", 50, again_ms=10)
    await _add(stores, NEXT)
    assert await stores.refresh_tokens.use("hash_1", 59, again_ms=10) == TOKEN
    assert await stores.refresh_tokens.use("hash_2", 60, again_ms=10) is None
    await _add(stores, third)
    assert await stores.refresh_tokens.use("hash_5", 61, again_ms=10) == third
    used = replace(TOKEN, used_at_ms=59)
    assert await stores.refresh_tokens.use("hash_1", 62, again_ms=10) == used
    assert await stores.refresh_tokens.use("hash_5", 63, again_ms=10) is None


async def test_a_token_is_not_taken_again_when_the_time_is_over(stores):
    """It was used before, and all of its family goes."""
    await _add(stores, TOKEN)
    await stores.refresh_tokens.use("hash_1", 50, again_ms=10)
    await _add(stores, NEXT)
    used = replace(TOKEN, used_at_ms=50)
    assert await stores.refresh_tokens.use("hash_1", 60, again_ms=10) == used
    assert await stores.refresh_tokens.use("hash_2", 61, again_ms=10) is None


async def test_of_many_simultaneous_uses_one_wins(stores):
    """A token that comes twice at the same time counts as reused."""
    await _add(stores, TOKEN)
    taken = await asyncio.gather(*(stores.refresh_tokens.use("hash_1", 50) for _ in range(10)))
    assert taken.count(TOKEN) == 1


async def test_unknown_and_expired_tokens_are_none(stores):
    """The moment of expiry itself is too late."""
    await _add(stores, TOKEN)
    assert await stores.refresh_tokens.use("hash_9", 50) is None
    assert await stores.refresh_tokens.use("hash_1", 100) is None
    assert await stores.refresh_tokens.use("hash_1", 99) == TOKEN


async def test_a_family_ends_alone_and_a_user_with_all_families(stores):
    """Ending one browser session leaves the others."""
    foreign = replace(TOKEN, id="refresh_4", hash="hash_4", family="f4", user_id="user_ann")
    await _add(stores, TOKEN, OTHER, foreign)
    await stores.refresh_tokens.end_family("family_1")
    assert await stores.refresh_tokens.use("hash_1", 50) is None
    await stores.refresh_tokens.end_all("user_bob")
    assert await stores.refresh_tokens.use("hash_3", 50) is None
    assert await stores.refresh_tokens.use("hash_4", 50) == foreign


async def test_expired_tokens_of_the_user_are_forgotten_when_one_is_added(stores):
    """A browser that comes back for years leaves no pile; an old id can be used again."""
    await _add(stores, TOKEN)
    later = replace(TOKEN, created_at_ms=100, expires_at_ms=200)
    await _add(stores, later)
    assert await stores.refresh_tokens.use("hash_1", 150) == later
