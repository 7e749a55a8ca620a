"""The rules of accounts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.auth.accounts import clean_username
from backend.errors import Conflict, InvalidRequest, NotAuthenticated, NotFound, TooManyRequests
from backend.ports.stores import User

HOME = "192.0.2.1"


@pytest.fixture
async def ann(auth):
    """One administrator."""
    return await auth.accounts.create("Ann", "correct horse", role="admin")


async def test_a_new_account_can_log_in(auth):
    """Its name is kept as typed, its password as a hash."""
    user = await auth.accounts.create(" Zoë ", "correct horse")
    assert user == User(
        id=user.id,
        username="Zoë",
        password_hash=user.password_hash,
        role="user",
        created_at_ms=auth.clock.now_ms(),
    )
    assert user.password_hash.startswith("$2b$04$")
    assert await auth.login.login("zoë", "correct horse", HOME) == user
    assert await auth.accounts.get(user.id) == user


@pytest.mark.parametrize("name", ["ann", "ANN", "\uff21nn"])
@pytest.mark.usefixtures("ann")
async def test_a_name_is_taken_in_every_spelling(auth, name):
    """The conflict names the parameter."""
    with pytest.raises(Conflict) as refused:
        await auth.accounts.create(name, "correct horse")
    assert refused.value.param == "username"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 65,
        "x" * 10**6,
        "a\x00b",
        "a\nb",
        "a\u200bb",
        "a\u202eb",
        "a\ud800",
        "a\u2028b",
    ],
)
def test_a_name_has_1_to_64_visible_characters(name):
    """Control, invisible and half characters could pass for another name."""
    with pytest.raises(InvalidRequest) as refused:
        clean_username(name)
    assert refused.value.param == "username"


@pytest.mark.parametrize(
    ("typed", "kept"), [("a b", "a b"), ("\uff21nn", "Ann"), ("x" * 64, "x" * 64), ("用户", "用户")]
)
def test_a_name_is_kept_in_one_normal_form(typed, kept):
    """NFKC, so that equal-looking names are equal."""
    assert clean_username(typed) == kept


async def test_a_faulty_password_makes_no_account(auth):
    """The store stays empty."""
    with pytest.raises(InvalidRequest):
        await auth.accounts.create("ann", "short")
    assert list(await auth.accounts.list()) == []


async def test_changing_the_own_password_ends_tokens_and_sessions(auth, ann):
    """The old password stops working, the new one works."""
    session = await auth.refresh.begin(ann)
    changed = await auth.accounts.change_own_password(
        ann, current="correct horse", new="battery staple", address=HOME
    )
    assert changed.token_version == ann.token_version + 1
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(session.secret)
    with pytest.raises(NotAuthenticated):
        await auth.login.login("ann", "correct horse", HOME)
    assert await auth.login.login("ann", "battery staple", HOME) == changed


async def test_a_wrong_current_password_changes_nothing_and_is_limited(auth, ann):
    """A stolen token is no way to try passwords without limit."""
    for _ in range(3):
        with pytest.raises(InvalidRequest) as refused:
            await auth.accounts.change_own_password(
                ann, current="wrong", new="battery staple", address=HOME
            )
        assert refused.value.param == "old_password"
    with pytest.raises(TooManyRequests):
        await auth.accounts.change_own_password(
            ann, current="correct horse", new="battery staple", address=HOME
        )
    assert await auth.accounts.get(ann.id) == ann


async def test_a_faulty_new_password_is_named(auth, ann):
    """Before the current one is looked at."""
    with pytest.raises(InvalidRequest) as refused:
        await auth.accounts.change_own_password(ann, current="wrong", new="x", address=HOME)
    assert refused.value.param == "new_password"


@pytest.mark.usefixtures("ann")
async def test_an_administrator_changes_role_state_and_password(auth):
    """A new password and disabling end older tokens; a new role does not."""
    bob = await auth.accounts.create("bob", "correct horse")
    session = await auth.refresh.begin(bob)
    promoted = await auth.accounts.change(bob.id, role="admin")
    assert promoted == replace(bob, role="admin")
    session = await auth.refresh.renew(session.secret)
    await auth.accounts.change(bob.id, password="battery staple")
    assert auth.shelves.refresh_tokens == {}
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(session.secret)
    changed = await auth.login.login("bob", "battery staple", HOME)
    assert changed.token_version == 1
    assert (await auth.accounts.change(bob.id, disabled=True)).token_version == 2
    assert (await auth.accounts.change(bob.id, disabled=False)).token_version == 2


async def test_the_last_administrator_stays(auth, ann):
    """The store's rule comes through, and its sessions live on."""
    session = await auth.refresh.begin(ann)
    for attempt in (
        auth.accounts.change(ann.id, role="user"),
        auth.accounts.change(ann.id, disabled=True),
        auth.accounts.delete(ann.id),
    ):
        with pytest.raises(Conflict):
            await attempt
    await auth.refresh.renew(session.secret)


@pytest.mark.usefixtures("ann")
async def test_an_account_that_is_not_there_is_not_found(auth):
    """In every operation of an administrator."""
    for attempt in (
        auth.accounts.get("user_0"),
        auth.accounts.change("user_0", role="admin"),
        auth.accounts.change("user_0", password="battery staple"),
        auth.accounts.delete("user_0"),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_new_server_gets_one_administrator_with_a_generated_password(auth):
    """It is told once; the next start makes none."""
    first = await auth.accounts.first_admin("admin", None)
    logged_in = await auth.login.login("admin", first.generated_password, HOME)
    assert logged_in == first.user
    assert first.user.role == "admin"
    assert len(first.generated_password) >= 24
    assert await auth.accounts.first_admin("admin", None) is None


async def test_a_given_first_password_is_used_and_not_repeated(auth):
    """It must keep the rules too."""
    with pytest.raises(InvalidRequest):
        await auth.accounts.first_admin("admin", "short")
    first = await auth.accounts.first_admin("admin", "correct horse")
    assert first.generated_password is None
    assert await auth.login.login("admin", "correct horse", HOME) == first.user


async def test_two_servers_make_one_first_administrator(auth):
    """The slower one makes none."""
    made = await asyncio.gather(*(auth.accounts.first_admin("admin", None) for _ in range(2)))
    assert [it is None for it in made].count(True) == 1
    assert len(await auth.accounts.list()) == 1
