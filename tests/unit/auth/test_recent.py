"""Remembering who was authenticated a moment ago."""

from __future__ import annotations

from backend.auth.recent import RecentCallers
from backend.kit.clocks import SteppedClock
from backend.ports.accounts import Principal
from backend.ports.stores import User

ANN = Principal(user=User(id="user_ann", username="ann", password_hash="-"))


def test_a_caller_is_remembered_for_a_second_and_no_longer() -> None:
    """Then the rows are read again."""
    clock = SteppedClock()
    recent = RecentCallers(clock)
    recent.put("key", ANN, generation=recent.generation, expires_at_ms=None)
    clock.step(0.9)
    assert recent.get("key") is ANN
    assert recent.get("another") is None
    clock.step(0.2)
    assert recent.get("key") is None


def test_a_credential_is_never_remembered_beyond_its_own_end() -> None:
    """A token that ends in a tenth of a second ends then."""
    clock = SteppedClock()
    recent = RecentCallers(clock)
    ends_ms = clock.now_ms() + 100
    recent.put("token", ANN, generation=recent.generation, expires_at_ms=ends_ms)
    assert recent.get("token") is ANN
    clock.step(0.1)
    assert recent.get("token") is None


def test_a_look_up_that_began_before_a_change_is_not_remembered() -> None:
    """What it read may be out of date."""
    recent = RecentCallers(SteppedClock())
    before = recent.generation
    recent.clear()
    recent.put("key", ANN, generation=before, expires_at_ms=None)
    assert recent.get("key") is None
