"""What every adapter of the CredentialStore port does."""

from __future__ import annotations

from dataclasses import replace

from backend.ports.credentials import SealedCredential

ONE = SealedCredential(name="A", sealed="x1", hint="abcd", updated_at_ms=5, updated_by="ann")


async def test_the_newest_sealing_of_a_name_is_kept(stores):
    """By name, in order."""
    await stores.credentials.put(replace(ONE, name="B"))
    await stores.credentials.put(ONE)
    await stores.credentials.put(replace(ONE, sealed="x2", hint="", updated_at_ms=6))
    known = [replace(ONE, sealed="x2", hint="", updated_at_ms=6), replace(ONE, name="B")]
    assert await stores.credentials.list() == known


async def test_deleting_tells_whether_there_was_one(stores):
    """Once."""
    await stores.credentials.put(ONE)
    assert [await stores.credentials.delete("A") for _ in range(2)] == [True, False]
    assert await stores.credentials.list() == []


async def test_only_the_sealing_that_was_read_is_replaced(stores):
    """What was set meanwhile stays."""
    await stores.credentials.put(ONE)
    assert await stores.credentials.replace("A", old="x1", new="x2")
    assert not await stores.credentials.replace("A", old="x1", new="x3")
    assert not await stores.credentials.replace("B", old="x1", new="x3")
    assert await stores.credentials.list() == [replace(ONE, sealed="x2")]
