"""Passwords: what may be one, and how it is verified."""

from __future__ import annotations

import asyncio
import threading

import pytest

from backend.auth.passwords import Passwords, check_password
from backend.errors import InvalidRequest, Unavailable


async def test_a_password_fits_its_own_hash_only(passwords):
    """Two hashes of one password differ and both verify."""
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first != second
    assert first.startswith("$2b$04$")
    assert await passwords.verify("correct horse", first) is True
    assert await passwords.verify("correct horse", second) is True
    assert await passwords.verify("correct hors", first) is False


@pytest.mark.parametrize("password", ["x" * 8, "x" * 72, "ü" * 36, "\U0001f511" * 18, "  spaces  "])
async def test_eight_to_seventy_two_bytes_are_taken_and_work(passwords, password):
    """Bytes of UTF-8 count, not characters."""
    check_password(password)
    assert await passwords.verify(password, await passwords.hash(password)) is True


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x" * 7, "8 to 72 bytes"),
        ("", "8 to 72 bytes"),
        ("x" * 73, "8 to 72 bytes"),
        ("ü" * 37, "this one has 74"),
        ("x" * 1_000_000, "8 to 72 bytes"),
        ("password\x00", "NUL"),
        ("password\ud800", "surrogates"),
    ],
)
def test_other_passwords_are_refused_at_creation_with_the_reason(password, said):
    """The failure names the parameter and the limit."""
    with pytest.raises(InvalidRequest, match=said) as refused:
        check_password(password)
    assert refused.value.param == "password"


@pytest.mark.parametrize("tail", ["x", "\x00", "\ud800", "x" * 100_000])
async def test_a_password_that_could_never_be_set_is_simply_wrong_at_log_in(passwords, tail):
    """72 equal bytes with a tail do not pass for the 72."""
    full = "p" * 72
    assert await passwords.verify(full + tail, await passwords.hash(full)) is False


@pytest.mark.parametrize("stored", ["", "!", "plain text", "$2b$04$short", "$2b$99$" + "." * 53])
async def test_a_damaged_hash_fits_no_password(passwords, stored):
    """It is no crash either."""
    assert await passwords.verify("correct horse", stored) is False


async def test_an_unknown_user_costs_a_hash_of_the_same_rounds():
    """The stand-in is a real hash, so that the same work is done; nothing fits it."""
    verified: list[str] = []

    class Recording(Passwords):
        async def verify(self, password, password_hash):
            verified.append(password_hash)
            return await super().verify(password, password_hash)

    passwords = Recording(rounds=5)
    assert await passwords.verify_unknown("correct horse") is False
    await passwords.aclose()
    assert verified[0].startswith("$2b$05$")
    assert len(verified[0]) == 60


async def test_the_queue_is_bounded_and_frees_itself():
    """One more than fits is told to come back; later ones pass."""
    passwords = Passwords(rounds=4, threads=1, max_waiting=1)
    outcomes = await asyncio.gather(
        *(passwords.hash("correct horse") for _ in range(5)), return_exceptions=True
    )
    assert [type(it) for it in outcomes].count(Unavailable) == 3
    assert (await passwords.hash("correct horse")).startswith("$2b$04$")
    await passwords.aclose()


async def test_hashing_leaves_the_event_loop_free():
    """The work happens in a thread of its own."""
    before = threading.active_count()
    passwords = Passwords(rounds=4, threads=1)
    await passwords.hash("correct horse")
    assert threading.active_count() == before + 1
    await passwords.aclose()
