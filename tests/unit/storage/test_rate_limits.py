"""The rate limits of one process, on a clock that a test steps."""

from __future__ import annotations

import pytest

from backend.api.rate_limits import duration
from backend.kit.clocks import SteppedClock
from backend.ports.limits import Allowance, Standing
from backend.storage.memory.rate_limits import MemoryRateLimiter


def limiter(clock, requests=0, tokens=0, **more):
    return MemoryRateLimiter(clock, requests_per_minute=requests, tokens_per_minute=tokens, **more)


async def test_a_minutes_worth_may_come_at_once_and_then_it_is_the_pace():
    """After the last of them, one more every twentieth second of sixty over three."""
    clock = SteppedClock()
    limits = limiter(clock, requests=3)
    taken = [await limits.take("me") for _ in range(4)]
    assert [one.exceeded for one in taken] == [None, None, None, "requests"]
    assert [one.allowances[0].remaining for one in taken] == [2, 1, 0, 0]
    assert (taken[0].allowances[0].reset_s, taken[3].wait_s) == (20, 20)
    clock.step(19.9)
    assert (await limits.take("me")).exceeded == "requests"
    clock.step(0.2)
    assert (await limits.take("me")).exceeded is None


async def test_users_do_not_share():
    """What one uses up is there for the next."""
    limits = limiter(SteppedClock(), requests=1)
    assert [(await limits.take(user)).exceeded for user in ("a", "b", "a")] == [
        None,
        None,
        "requests",
    ]


async def test_tokens_count_when_they_are_known_and_may_be_overdrawn():
    """An answer costs what it costs; the next request waits until the debt is paid."""
    clock = SteppedClock()
    limits = limiter(clock, tokens=600)
    assert (await limits.take("me")).exceeded is None
    limits.spend("me", 1200)
    refused = await limits.take("me")
    assert (refused.exceeded, refused.allowances) == (
        "tokens",
        (Allowance("tokens", 600, 0, 120),),
    )
    clock.step(60.2)
    assert (await limits.take("me")).exceeded is None


async def test_a_refused_request_costs_nothing():
    """Otherwise whoever asks again and again would never be let in."""
    clock = SteppedClock()
    limits = limiter(clock, requests=60)
    for _ in range(200):
        await limits.take("me")
    clock.step(1.01)
    assert (await limits.take("me")).exceeded is None


async def test_users_who_were_quiet_are_forgotten():
    """Memory is bounded; who still waits is remembered."""
    clock = SteppedClock()
    limits = limiter(clock, requests=1, most_users=3)
    for user in ("a", "b", "c"):
        await limits.take(user)
    clock.step(60)
    await limits.take("c")
    await limits.take("d")
    assert (await limits.take("c")).exceeded == "requests"
    assert sorted(limits._users) == ["c", "d"]


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0s"),
        (0.0061, "6ms"),
        (0.9996, "1s"),
        (1, "1s"),
        (8.64, "8.64s"),
        (59.9999, "1m0s"),
        (360, "6m0s"),
        (3661.5, "1h1m1.5s"),
    ],
)
def test_times_are_written_as_openai_writes_them(seconds, written):
    """Whatever the size."""
    assert duration(seconds) == written


async def test_looking_at_the_limits_counts_nothing():
    """However often it is done; what was taken before is told."""
    clock = SteppedClock()
    limiter = MemoryRateLimiter(clock, requests_per_minute=60, tokens_per_minute=0)
    await limiter.take("ann")
    found = [await limiter.standing("ann") for _ in range(3)]
    assert found == [Standing((Allowance("requests", 60, 59, 1.0),))] * 3
