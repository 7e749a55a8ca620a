"""Passwords: bcrypt in a few threads of its own, so that a hash (235 ms of CPU) stops nobody else.

Not for: who may try how often (`login`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

import bcrypt
from passlib.context import CryptContext

from backend.errors import InvalidRequest, Unavailable

T = TypeVar("T")

MIN_BYTES = 8
MAX_BYTES = 72  # bcrypt reads no further


def check_password(password: str, *, param: str = "password") -> None:
    """Refuse a new password outside 8 to 72 bytes of UTF-8, or with a NUL character.

    Raises:
        InvalidRequest: naming `param`.
    """
    size = _utf8_bytes(password)
    if size is None:
        msg = "a password must be text without NUL characters and lone surrogates"
        raise InvalidRequest(msg, param=param)
    if not MIN_BYTES <= size <= MAX_BYTES:
        msg = (
            f"a password has {MIN_BYTES} to {MAX_BYTES} bytes in UTF-8 "
            f"(letters outside ASCII take 2 to 4); this one has {size}"
        )
        raise InvalidRequest(msg, param=param)


def _utf8_bytes(password: str) -> int | None:
    if "\x00" in password:
        return None
    try:
        return len(password.encode())
    except UnicodeEncodeError:
        return None


def _hash(hasher: CryptContext, password: str) -> str:
    return cast("str", hasher.hash(password))


def _verify(hasher: CryptContext, password: str, password_hash: str) -> bool:
    try:
        return cast("bool", hasher.verify(password, password_hash))
    except ValueError:  # a stored hash that somebody damaged
        return False


class Passwords:
    """Hashes and verifies, at most `threads` at a time and `max_waiting` in the queue."""

    def __init__(self, *, rounds: int = 12, threads: int = 2, max_waiting: int = 32) -> None:
        self._hasher = CryptContext(schemes=["bcrypt"], bcrypt__rounds=rounds)
        # Costs as much to verify as a real hash, and no password is known for it.
        self._unknown = bcrypt.gensalt(rounds).decode() + "." * 31
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt")
        self._free = threads + max_waiting

    async def hash(self, password: str) -> str:
        """Hash a new password; the caller has checked it with `check_password`."""
        return await self._in_thread(partial(_hash, self._hasher, password))

    async def verify(self, password: str, password_hash: str) -> bool:
        """Tell whether the password fits; False for one that could never have been set."""
        size = _utf8_bytes(password)
        if size is None or size > MAX_BYTES:
            return False
        known = password_hash if self._hasher.identify(password_hash) else self._unknown
        return await self._in_thread(partial(_verify, self._hasher, password, known))

    async def verify_unknown(self, password: str) -> bool:
        """Take as long as `verify` where there is no such user; always False."""
        return await self.verify(password, self._unknown)

    async def aclose(self) -> None:
        """Finish what is under way and end the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._free == 0:
            msg = "Too many log-ins at once; try again shortly."
            raise Unavailable(msg, retry_after_s=2.0)
        self._free -= 1
        job = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # A caller that leaves does not stop the thread: the place is free when the work is done.
        job.add_done_callback(self._release)
        return await asyncio.shield(job)

    def _release(self, _job: object) -> None:
        self._free += 1
