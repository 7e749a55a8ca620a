"""API keys: made once, recognised by their hash, ended at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.auth.keys import hash_secret, make_secret
from backend.errors import Conflict, InvalidRequest, NotAllowed, NotAuthenticated, NotFound
from backend.ports.accounts import Principal


@pytest.fixture
async def ann(auth):
    """One user."""
    return await auth.accounts.create("ann", "correct horse", role="admin")


def test_secrets_are_long_random_and_recognisable():
    """The prefix, then 256 bits in base64url."""
    made = {make_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(it) for it in made} == {len("sk-steward-") + 43}
    assert all(it.startswith("sk-steward-") for it in made)


async def test_a_new_key_opens_the_account_and_its_secret_is_not_kept(auth, ann):
    """Stored are the hash and a hint."""
    key, secret = await auth.keys.create(ann, name=" laptop ", scopes=["chat", "files", "chat"])
    assert key == replace(
        key,
        user_id=ann.id,
        name="laptop",
        hash=hash_secret(secret),
        hint=f"{secret[:15]}...{secret[-4:]}",
        scopes=("chat", "files"),
        created_at_ms=auth.clock.now_ms(),
        expires_at_ms=None,
        last_used_at_ms=None,
    )
    assert secret not in str(auth.shelves.keys)
    assert await auth.keys.authenticate(secret) == (key, ann)


async def test_the_last_use_is_noted_at_most_once_a_minute(auth, ann):
    """A write for every request would be wasted."""
    _, secret = await auth.keys.create(ann, name="k")
    start = auth.clock.now_ms()
    for seconds, noted in ((0, 0), (59, 0), (1, 60_000), (30, 60_000)):
        auth.clock.step(seconds)
        await auth.keys.authenticate(secret)
        (key,) = await auth.keys.list(ann.id)
        assert key.last_used_at_ms == start + noted


async def test_a_key_ends_when_it_expires_is_revoked_or_its_owner_disabled(auth, ann):
    """All three answer alike."""
    bob = await auth.accounts.create("bob", "correct horse")
    _, expiring = await auth.keys.create(ann, name="a", expires_at_ms=auth.clock.now_ms() + 1000)
    revoked, revoked_secret = await auth.keys.create(ann, name="b")
    _, disabled = await auth.keys.create(bob, name="c")
    for secret in (expiring, revoked_secret, disabled):
        await auth.keys.authenticate(secret)
    auth.clock.step(1)
    await auth.keys.revoke(ann.id, revoked.id)
    await auth.accounts.change(bob.id, disabled=True)
    for secret in (expiring, revoked_secret, disabled):
        with pytest.raises(NotAuthenticated):
            await auth.keys.authenticate(secret)


@pytest.mark.parametrize(
    "secret",
    ["", "sk-", "sk-steward-", "sk-steward-\ud800", "sk-steward-\x00", "sk-steward-" + "x" * 10**6],
)
@pytest.mark.usefixtures("ann")
async def test_a_key_that_was_never_made_is_refused(auth, secret):
    """In whatever shape."""
    with pytest.raises(NotAuthenticated):
        await auth.keys.authenticate(secret)


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "k", "scopes": ["everything"]}, "scopes"),
        ({"name": "k", "scopes": ["chat "]}, "scopes"),
        ({"name": "k", "scopes": ["tools:"]}, "scopes"),
        ({"name": "k", "scopes": ["tools:Math Calc"]}, "scopes"),
        ({"name": "k", "scopes": ["chat\n"]}, "scopes"),
        ({"name": "k", "expires_at_ms": 5}, "expires_in_days"),
    ],
)
async def test_a_faulty_request_for_a_key_is_refused_by_name(auth, ann, asked, param):
    """Nothing is stored."""
    with pytest.raises(InvalidRequest) as refused:
        await auth.keys.create(ann, **asked)
    assert refused.value.param == param
    assert list(await auth.keys.list(ann.id)) == []


async def test_only_the_owner_revokes_a_key(auth, ann):
    """A foreign id is like a missing one."""
    key, _ = await auth.keys.create(ann, name="k")
    with pytest.raises(NotFound):
        await auth.keys.revoke("user_other", key.id)


async def test_an_account_has_at_most_a_hundred_keys(auth, ann):
    """The next one needs room."""
    for number in range(100):
        await auth.keys.create(ann, name=str(number))
    with pytest.raises(Conflict):
        await auth.keys.create(ann, name="one more")


async def test_scopes_open_what_they_name_and_none_opens_everything(auth, ann):
    """Tool scopes bind a key to these tools."""
    free, _ = await auth.keys.create(ann, name="free")
    bound, _ = await auth.keys.create(ann, name="bound", scopes=["chat", "tools:math_calc"])
    everything = Principal(user=ann, scopes=free.scopes)
    little = Principal(user=ann, scopes=bound.scopes)
    for scope in ("chat", "tools:x"):
        everything.require(scope)
    for scope in ("chat", "tools:math_calc"):
        little.require(scope)
    with pytest.raises(NotAllowed):
        little.require("tools:x")
    assert (everything.allowed_tools, little.allowed_tools) == (None, {"math_calc"})
