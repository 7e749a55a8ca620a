"""The page's sessions."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import NotAuthenticated


@pytest.fixture
async def ann(auth):
    """One administrator."""
    return await auth.accounts.create("Ann", "correct horse", role="admin")


async def test_each_secret_is_good_once_and_brings_the_next(auth, ann):
    """The secret is not stored, only its hash."""
    first = await auth.refresh.begin(ann)
    assert (first.user, first.expires_at_ms) == (ann, auth.clock.now_ms() + 3_600_000)
    second = await auth.refresh.renew(first.secret)
    assert second.user == ann
    assert second.secret != first.secret
    assert first.secret not in str(auth.shelves.refresh_tokens)
    await auth.refresh.renew(second.secret)


async def test_a_secret_used_twice_ends_the_session_but_no_other(auth, ann):
    """Thief and owner are both out; another browser is not."""
    other = await auth.refresh.begin(ann)
    first = await auth.refresh.begin(ann)
    second = await auth.refresh.renew(first.secret)
    auth.clock.step(10)
    for secret in (first.secret, second.secret):
        with pytest.raises(NotAuthenticated):
            await auth.refresh.renew(secret)
    await auth.refresh.renew(other.secret)


async def test_an_answer_that_was_lost_on_its_way_costs_no_session(auth, ann):
    """A page that is reloaded while it renews comes with the old secret; the lost one is good no more."""
    first = await auth.refresh.begin(ann)
    lost = await auth.refresh.renew(first.secret)
    auth.clock.step(9)
    second = await auth.refresh.renew(first.secret)
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(lost.secret)
    await auth.refresh.renew(second.secret)


async def test_a_session_ends_when_nobody_renews_it(auth, ann):
    """Every renewal lasts anew."""
    session = await auth.refresh.begin(ann)
    auth.clock.step(3599)
    session = await auth.refresh.renew(session.secret)
    auth.clock.step(3600)
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(session.secret)


@pytest.mark.parametrize("secret", ["", "0.x", "\ud800", "\x00", "x" * 10**6])
async def test_a_made_up_secret_is_refused_and_ends_nothing(auth, ann, secret):
    """In whatever shape."""
    session = await auth.refresh.begin(ann)
    await auth.refresh.end(secret)
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(secret)
    await auth.refresh.renew(session.secret)


async def test_logging_out_ends_the_session(auth, ann):
    """Twice is no error."""
    session = await auth.refresh.begin(ann)
    await auth.refresh.end(session.secret)
    await auth.refresh.end(session.secret)
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(session.secret)


@pytest.mark.usefixtures("ann")
async def test_a_disabled_user_cannot_renew(auth):
    """Also when only the account's row says so."""
    bob = await auth.accounts.create("bob", "correct horse")
    session = await auth.refresh.begin(bob)
    await auth.users.update(bob.id, disabled=True)
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(session.secret)


async def test_a_session_from_before_a_password_change_cannot_be_renewed(auth, ann):
    """Even if its row survived, the version in the secret is old."""
    session = await auth.refresh.begin(ann)
    await auth.users.update(ann.id, end_tokens=True)
    with pytest.raises(NotAuthenticated):
        await auth.refresh.renew(session.secret)


async def test_of_two_renewals_at_once_at_most_one_brings_a_secret(auth, ann):
    """A replay in parallel gains nothing."""
    session = await auth.refresh.begin(ann)
    outcomes = await asyncio.gather(
        *(auth.refresh.renew(session.secret) for _ in range(5)), return_exceptions=True
    )
    assert [type(it) for it in outcomes].count(NotAuthenticated) == 4
