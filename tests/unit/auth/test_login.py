"""Log-in and its limits."""

from __future__ import annotations

import asyncio

import pytest

from backend.auth.login import LoginLimits, LoginService, Tier, account_key, network_of
from backend.errors import NotAuthenticated, TooManyRequests
from backend.storage.memory.login_attempts import MemoryLoginAttemptStore

HOME, AWAY = "192.0.2.1", "198.51.100.7"


@pytest.fixture
async def ann(auth):
    """One administrator."""
    return await auth.accounts.create("Ann", "correct horse", role="admin")


async def _fail(auth, times, *, name="ann", address=HOME) -> list[type]:
    outcomes = []
    for _ in range(times):
        with pytest.raises((NotAuthenticated, TooManyRequests)) as refused:
            await auth.login.login(name, "wrong horse", address)
        outcomes.append(refused.type)
    return outcomes


@pytest.mark.parametrize("name", ["Ann", "ann", " ANN ", "\uff21\uff4e\uff4e"])
async def test_the_right_password_logs_in_under_any_spelling_of_the_name(auth, ann, name):
    """Case and width do not matter."""
    assert await auth.login.login(name, "correct horse", HOME) == ann


@pytest.mark.usefixtures("ann")
async def test_wrong_unknown_and_disabled_answer_alike(auth):
    """Neither the message nor the code tells which it was."""
    bob = await auth.accounts.create("bob", "correct horse")
    await auth.accounts.change(bob.id, disabled=True)
    said = set()
    for name, password in (("ann", "wrong"), ("nobody", "correct horse"), ("bob", "correct horse")):
        with pytest.raises(NotAuthenticated) as refused:
            await auth.login.login(name, password, HOME)
        said.add((refused.value.message, refused.value.error_code))
    assert len(said) == 1


@pytest.mark.usefixtures("ann")
async def test_every_attempt_costs_one_hash_whoever_it_names(auth):
    """Known, unknown and disabled users are verified alike."""
    hashes: list[str] = []
    real = auth.passwords.verify

    async def recording(password, password_hash):
        hashes.append(password_hash[:7])
        return await real(password, password_hash)

    auth.passwords.verify = recording
    await auth.accounts.change(
        (await auth.accounts.create("bob", "correct horse")).id, disabled=True
    )
    for name in ("ann", "nobody", "bob", "\ud800\x00", "x" * 10_000):
        await _fail(auth, 1, name=name, address=AWAY)
    assert hashes == ["$2b$04$"] * 5


async def test_failures_slow_one_address_down_tier_by_tier(auth, ann):
    """Three in a minute, five in a quarter of an hour, each with its wait."""
    assert await _fail(auth, 4) == [NotAuthenticated] * 3 + [TooManyRequests]
    with pytest.raises(TooManyRequests) as refused:
        await auth.login.login("ann", "correct horse", HOME)
    assert refused.value.retry_after_s == 60
    auth.clock.step(61)
    assert await _fail(auth, 3) == [NotAuthenticated] * 2 + [TooManyRequests]
    auth.clock.step(61)
    with pytest.raises(TooManyRequests) as refused:
        await auth.login.login("ann", "correct horse", HOME)
    assert refused.value.retry_after_s == 900
    auth.clock.step(900)
    assert await auth.login.login("ann", "correct horse", HOME) == ann


@pytest.mark.usefixtures("ann")
async def test_a_success_forgets_the_failures_of_that_address_and_account(auth):
    """Somebody who mistypes twice a day is never slowed down."""
    for _ in range(3):
        await _fail(auth, 2)
        await auth.login.login("ann", "correct horse", HOME)


@pytest.mark.usefixtures("ann")
async def test_a_success_does_not_forget_what_the_address_did_to_others(auth):
    """An own account is no way to try endless passwords on others."""
    for number in range(4):
        await auth.login.login("ann", "correct horse", HOME)
        await _fail(auth, 2, name=f"victim{number}")
    with pytest.raises(TooManyRequests):
        await auth.login.login("ann", "correct horse", HOME)


async def test_failures_from_elsewhere_do_not_lock_the_owner_out(auth, ann):
    """Neither a few nor more than the account's ceiling."""
    for number in range(30):
        await _fail(auth, 1, address=f"203.0.113.{number}")
    assert await auth.login.login("ann", "correct horse", HOME) == ann


@pytest.mark.usefixtures("ann")
async def test_an_account_under_attack_takes_one_failure_per_address(auth):
    """Above the ceiling every address has a single try, unknown accounts included."""
    for name in ("ann", "nobody"):
        for number in range(12):
            await _fail(auth, 1, name=name, address=f"203.0.113.{number}")
        assert await _fail(auth, 2, name=name, address=AWAY) == [NotAuthenticated, TooManyRequests]


async def test_refused_attempts_are_neither_verified_nor_counted(auth, ann):
    """Knocking on does not lengthen the wait."""
    await _fail(auth, 3)
    assert await _fail(auth, 50) == [TooManyRequests] * 50
    auth.clock.step(61)
    assert await auth.login.login("ann", "correct horse", HOME) == ann


async def test_many_attempts_at_once_are_limited_like_one_after_the_other(auth, ann):
    """Attempts whose outcome is open count."""
    outcomes = await asyncio.gather(
        *(auth.login.login("ann", f"wrong {number}", HOME) for number in range(50)),
        return_exceptions=True,
    )
    kinds = [type(it) for it in outcomes]
    assert (kinds.count(NotAuthenticated), kinds.count(TooManyRequests)) == (3, 47)
    auth.clock.step(61)
    assert await auth.login.login("ann", "correct horse", HOME) == ann


async def test_attempts_at_once_stay_limited_over_a_store_that_takes_its_time(auth, passwords):
    """However counting and verifying interleave, no more failures pass than the limit."""

    class Slow(MemoryLoginAttemptStore):
        async def failures(self, subject, since_ms):
            await asyncio.to_thread(int)
            return await super().failures(subject, since_ms)

    limits = LoginLimits(pair=(Tier(failures=3, window_s=60),))
    login = LoginService(auth.users, Slow(auth.shelves), passwords, auth.clock, limits)
    outcomes = await asyncio.gather(
        *(login.login("nobody", f"wrong {number}", HOME) for number in range(50)),
        return_exceptions=True,
    )
    kinds = [type(it) for it in outcomes]
    assert 1 <= kinds.count(NotAuthenticated) <= 3
    assert kinds.count(NotAuthenticated) + kinds.count(TooManyRequests) == 50


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix socket", "unix socket"),
    ],
)
def test_an_address_counts_as_the_network_its_owner_moves_in(address, network):
    """A /64 is one customer: 2^64 addresses are no 2^64 tries."""
    assert network_of(address) == network


def test_typed_names_are_bounded_and_storable():
    """Whatever is typed becomes a key that every database takes."""
    assert account_key("\x00\ud800") == "?"
    assert len(account_key("x" * 10**6)) == 65
