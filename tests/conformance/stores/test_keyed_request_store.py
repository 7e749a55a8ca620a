"""Every adapter of the port of requests with a key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from backend.ports.keyed_requests import KeyedRequest
from backend.ports.stores import Run
from backend.storage.stores import Stores

BOUNDS = {"since_ms": 0, "most": 100, "most_bytes": 10_000}
ONE = KeyedRequest(
    user_id="user_ann", key_hash="k1", server_id="srv", created_at_ms=5, fingerprint="f"
)
DONE = replace(ONE, status=200, headers=(("content-type", "text/plain"),), body=b"\x00\xffok")


async def test_of_many_at_once_one_begins(stores: Stores) -> None:
    """All others are given what it began."""
    begun = await asyncio.gather(*(stores.keyed_requests.begin(ONE, **BOUNDS) for _ in range(50)))
    assert sorted(begun, key=lambda it: it is not None) == [None, *[ONE] * 49]


async def test_an_answer_is_found_by_its_user_alone_until_it_is_too_old(stores: Stores) -> None:
    """A key that is too old is a new one."""
    keyed = stores.keyed_requests
    assert await keyed.begin(ONE, **BOUNDS) is None
    await keyed.note(DONE)
    assert await keyed.begin(ONE, **BOUNDS) == DONE
    assert await keyed.get("user_ann", "k1") == DONE
    assert await keyed.get("user_bob", "k1") is None
    assert await keyed.begin(replace(ONE, user_id="user_bob"), **BOUNDS) is None
    later = replace(ONE, created_at_ms=9)
    assert await keyed.begin(later, **{**BOUNDS, "since_ms": 6}) is None
    assert await keyed.get("user_ann", "k1") == later


async def test_the_oldest_answers_make_room(stores: Stores) -> None:
    """By number and by size; what is not answered yet stays."""
    keyed = stores.keyed_requests
    for at in range(4):
        made = replace(ONE, key_hash=f"k{at}", created_at_ms=at)
        await keyed.begin(made, **{**BOUNDS, "most": 3})
        if at:
            await keyed.note(replace(made, status=200, body=b"x" * 40))
    held = [await keyed.get("user_ann", f"k{at}") is not None for at in range(4)]
    assert held == [True, False, True, True]
    await keyed.begin(replace(ONE, key_hash="k9", created_at_ms=9), **{**BOUNDS, "most_bytes": 50})
    held = [await keyed.get("user_ann", f"k{at}") is not None for at in (0, 2, 3, 9)]
    assert held == [True, False, True, True]


async def test_what_a_server_left_is_let_go_unless_a_run_began(stores: Stores) -> None:
    """A run of which something is kept is found by its key."""
    keyed = stores.keyed_requests
    run = {"user_id": "user_ann", "conversation_id": None, "model": "llama", "route": "chat"}
    await stores.runs.save(Run(id="run_1", state="interrupted", started_at_ms=1, **run))
    left = (("a", "", "srv"), ("b", "run_1", "srv"), ("c", "", "other"), ("d", "run_2", "srv"))
    for key, run_id, server_id in left:
        await keyed.begin(replace(ONE, key_hash=key, run_id=run_id, server_id=server_id), **BOUNDS)
    assert await keyed.left_by("srv") == 2
    gone = [await keyed.get("user_ann", it) is None for it in "abcd"]
    assert gone == [True, False, False, True]
    assert await keyed.left_by(None) == 1
    assert await keyed.prune(6) == 1
    await keyed.drop("user_ann", "none")


async def test_what_goes_with_an_account_goes(stores: Stores) -> None:
    """Nothing is kept of an erased account."""
    bobs = replace(DONE, user_id="user_bob")
    await stores.keyed_requests.begin(bobs, **BOUNDS)
    await stores.users.delete("user_bob")
    assert await stores.keyed_requests.get("user_bob", "k1") is None
