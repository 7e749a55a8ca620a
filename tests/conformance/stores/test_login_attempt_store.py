"""What every adapter of the LoginAttemptStore port does."""

from __future__ import annotations

DAY_MS = 24 * 3600 * 1000


async def test_failures_are_counted_per_subject_since_a_moment(stores):
    """The moment itself counts."""
    await stores.login_attempts.add_failure(["account:a|1", "address:1"], 100)
    await stores.login_attempts.add_failure(["account:a|1"], 200)
    assert await stores.login_attempts.failures("account:a|1", 100) == 2
    assert await stores.login_attempts.failures("account:a|1", 101) == 1
    assert await stores.login_attempts.failures("address:1", 0) == 1
    assert await stores.login_attempts.failures("address:2", 0) == 0


async def test_clearing_forgets_one_subject(stores):
    """A success of one pair leaves the address as it is."""
    await stores.login_attempts.add_failure(["account:a|1", "address:1"], 100)
    await stores.login_attempts.clear("account:a|1")
    assert await stores.login_attempts.failures("account:a|1", 0) == 0
    assert await stores.login_attempts.failures("address:1", 0) == 1


async def test_failures_older_than_a_day_are_forgotten(stores):
    """The next failure sweeps them out, whoever's they are."""
    await stores.login_attempts.add_failure(["x"], 100)
    await stores.login_attempts.add_failure([], 100 + DAY_MS)
    assert await stores.login_attempts.failures("x", 0) == 1
    await stores.login_attempts.add_failure(["y"], 101 + DAY_MS)
    assert await stores.login_attempts.failures("x", 0) == 0
