"""What every adapter of the StandingStore port does."""

from __future__ import annotations

from backend.ports.standing import Ended
from backend.ports.stores import ApiKey
from tests.conformance.stores.conftest import ANN, BOB


async def test_users_and_keys_that_may_not_go_on_are_named(stores):
    """The disabled and the erased of those that were asked for, and no others."""
    await stores.keys.add(ApiKey(id="key_1", user_id=BOB.id, name="k", hash="h", hint="h"))
    standing = stores.standing
    assert await standing.ended([ANN.id, BOB.id], ["key_1"]) == Ended()
    assert await standing.ended([BOB.id, "user_gone"], ["key_1", "key_gone"]) == Ended(
        frozenset({"user_gone"}), frozenset({"key_gone"}), frozenset({"user_gone"})
    )
    await stores.users.update(BOB.id, disabled=True)
    assert await standing.ended([ANN.id, BOB.id], []) == Ended(frozenset({BOB.id}))
    assert await standing.ended([ANN.id], []) == Ended()
