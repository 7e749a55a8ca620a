"""Keys in links: good for exactly what they were made for, and for a while."""

from __future__ import annotations

import pytest

from backend.kit.clocks import SteppedClock
from backend.kit.signed_links import LinkSigner

SECRET = "s" * 40


def signer(clock: SteppedClock, *, secret: str = SECRET, purpose: str = "artifacts") -> LinkSigner:
    return LinkSigner(secret, purpose=purpose, clock=clock)


def test_a_key_fits_its_own_words_until_it_expires():
    """One second before the end it is good, at the end it is not."""
    clock = SteppedClock()
    key = signer(clock).key("art_1", "user_1", ttl_s=60)
    assert signer(clock).fits(key, "art_1", "user_1")
    clock.step(59)
    assert signer(clock).fits(key, "art_1", "user_1")
    clock.step(1)
    assert not signer(clock).fits(key, "art_1", "user_1")


@pytest.mark.parametrize(
    "words",
    [("art_2", "user_1"), ("art_1", "user_2"), ("art_1",), ("art_1user_1",), ("art_1u", "ser_1")],
)
def test_a_key_fits_no_other_words(words):
    """Words cannot be moved across their borders."""
    clock = SteppedClock()
    key = signer(clock).key("art_1", "user_1", ttl_s=60)
    assert not signer(clock).fits(key, *words)


def test_a_key_of_another_server_or_purpose_does_not_fit():
    """A link to a file never approves a call."""
    clock = SteppedClock()
    key = signer(clock).key("a", ttl_s=60)
    assert not signer(clock, secret="t" * 40).fits(key, "a")
    assert not signer(clock, purpose="approvals").fits(key, "a")


def test_a_later_end_or_changed_proof_is_noticed():
    """Every part of the key is covered."""
    clock = SteppedClock()
    until, _, proof = signer(clock).key("a", ttl_s=60).partition(".")
    later = f"{until[:-1]}{'z' if until[-1] != 'z' else 'y'}"
    other = proof[:-1] + ("A" if proof[-1] != "A" else "Q")
    assert not signer(clock).fits(f"{later}.{proof}", "a")
    assert not signer(clock).fits(f"{until}.{other}", "a")


@pytest.mark.parametrize(
    "key", ["", ".", "a", "a.b", "zzzzzzzzzzzzzzzzzz.AAAAAAAAAAAAAAAAAAAAAA", "a." + "é" * 22]
)
def test_what_is_no_key_does_not_fit(key):
    """Anybody can write anything into an address."""
    assert not signer(SteppedClock()).fits(key, "a")
