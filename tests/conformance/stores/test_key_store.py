"""What every adapter of the KeyStore port does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import Conflict
from backend.ports.stores import ApiKey

KEY = ApiKey(
    id="key_1",
    user_id="user_bob",
    name="laptop",
    hash="hash_1",
    hint="sk-...1234",
    scopes=("chat", "tools:math_calc"),
    created_at_ms=10,
    expires_at_ms=99,
)


async def test_a_key_is_found_with_its_owner_by_its_hash(stores):
    """One look-up brings the key and the account, whole."""
    await stores.keys.add(KEY)
    assert await stores.keys.find("hash_1") == (KEY, await stores.users.get("user_bob"))
    assert await stores.keys.find("hash_2") is None


async def test_a_users_keys_are_listed_newest_first(stores):
    """Nobody else's appear."""
    newer = replace(KEY, id="key_2", hash="hash_2", created_at_ms=11)
    await stores.keys.add(KEY)
    await stores.keys.add(newer)
    await stores.keys.add(replace(KEY, id="key_3", hash="hash_3", user_id="user_ann"))
    assert list(await stores.keys.list("user_bob")) == [newer, KEY]


async def test_only_the_owner_can_revoke_a_key(stores):
    """A foreign id answers like a missing one."""
    await stores.keys.add(KEY)
    assert await stores.keys.delete("user_ann", "key_1") is False
    assert await stores.keys.delete("user_bob", "key_0") is False
    assert await stores.keys.delete("user_bob", "key_1") is True
    assert await stores.keys.find("hash_1") is None


async def test_the_last_use_is_noted(stores):
    """Touching changes nothing else, and a key that is gone is no error."""
    await stores.keys.add(KEY)
    await stores.keys.touch("key_1", 55)
    await stores.keys.touch("key_gone", 55)
    assert list(await stores.keys.list("user_bob")) == [replace(KEY, last_used_at_ms=55)]


async def test_the_same_secret_cannot_be_stored_twice(stores):
    """Hashes are unique."""
    await stores.keys.add(KEY)
    with pytest.raises(Conflict):
        await stores.keys.add(replace(KEY, id="key_2"))
