"""Secrets that administrators enter while the server runs: sealed in the database, open in memory.

What the environment gives wins and is not stored. Every server on the database hears of a change and
looks again now and then. Not for: where keys lie (`config.credential_keys`) or what the secrets are for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import orjson

from backend.errors import Conflict, InvalidRequest, NotFound, StewardError, Unavailable
from backend.kit.redaction import keep_secret
from backend.ports.clock import Clock
from backend.ports.credentials import (
    CredentialStanding,
    CredentialStore,
    SealedCredential,
    Source,
)
from backend.ports.signals import Signals
from backend.ports.values import Health

if TYPE_CHECKING:
    from backend.kit.sealing import Sealer

logger = logging.getLogger(__name__)
TOPIC = "credentials"
LOOK_S = 60.0
MAX_CHARS = 4096
HINT_CHARS = 4
LEAST_CHARS_FOR_HINT = 12
FIX = "Restore credentials.key or CREDENTIALS__KEYS, or enter the credential again."
Changed = Callable[[frozenset[str]], Awaitable[None]]


class KeysOf(Protocol):
    """Gives the keys there are, newest first; with `make`, makes a first one where there is none."""

    def __call__(self, *, make: bool) -> Sequence[str]:
        """Give them; raise NoKeys. Called in a thread."""
        ...


class NoKeys(Exception):
    """There is no usable key; the message says why and what to do, and holds no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOptions:
    """Which secrets there may be, with what the environment gives of them, "" for nothing.

    What is sealed within `held` can be opened afterwards, whoever changes the keys; it may raise NoKeys.
    """

    given: Mapping[str, str] = field(repr=False)
    keys: KeysOf
    held: Callable[[], AbstractContextManager[None]] = nullcontext


class CredentialBook:
    """Implements `ports.credentials.Credentials`; `get` gives a secret as it is now."""

    def __init__(
        self, store: CredentialStore, signals: Signals, clock: Clock, options: CredentialOptions
    ) -> None:
        self._store = store
        self._signals = signals
        self._clock = clock
        self._options = options
        self._open: dict[str, str] = {}
        self._rows: dict[str, SealedCredential] = {}
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._warned: frozenset[str] = frozenset()
        self.changed: Changed | None = None

    def get(self, name: str) -> str:
        """Give a secret, "" when there is none."""
        return self._options.given.get(name) or self._open.get(name, "")

    def standing(self) -> Sequence[CredentialStanding]:
        """Tell of every secret there may be, by name."""
        return [self._standing(name) for name in sorted(self._options.given)]

    async def put(self, name: str, value: str, *, by: str) -> CredentialStanding:
        """Keep a secret and use it from now on, on every server."""
        self._check_name(name)
        value = value.strip()
        if not value or len(value) > MAX_CHARS or not value.isprintable():
            msg = f"A credential is 1 to {MAX_CHARS} characters on one line"
            raise InvalidRequest(msg, param="value")
        try:
            with self._options.held():
                await self._keep(name, value, by)
        except NoKeys as exc:
            raise Unavailable(str(exc)) from exc
        logger.info("the credential %s was set by %s", name, by)
        await self._tell()
        return self._standing(name)

    async def _keep(self, name: str, value: str, by: str) -> None:
        hint = value[-HINT_CHARS:] if len(value) >= LEAST_CHARS_FOR_HINT else ""
        kept = SealedCredential(
            name=name,
            sealed=await asyncio.to_thread(self._sealed, name, value),
            hint=hint,
            updated_at_ms=self._clock.now_ms(),
            updated_by=by,
        )
        await self._store.put(kept)

    async def delete(self, name: str) -> bool:
        """Forget a stored secret everywhere; tell whether it was there."""
        if name not in self._options.given:
            raise NotFound("There is no such credential")
        gone = await self._store.delete(name)
        if gone:
            logger.info("the credential %s was removed", name)
            await self._tell()
        return gone

    async def refresh(self) -> None:
        """Read what is stored, and tell `changed` which secrets are others than before.

        Raises:
            StewardError: when the database cannot be read; what was known stays.
        """
        async with self._lock:
            rows = {one.name: one for one in await self._store.list()}
            if rows == self._rows and not self._unreadable():
                return
            opened = await asyncio.to_thread(self._opened, rows) if rows else {}
            keep_secret(opened.values())  # others may quote them in what is logged
            before, self._open, self._rows = self._open, opened, rows
            self._warn()
            other = {name for name in {*before, *opened} if before.get(name) != opened.get(name)}
            if other and self.changed is not None:
                await self.changed(frozenset(other))

    def hear(self) -> Callable[[], None]:
        """Look again whenever another server tells of a change; give what ends that."""
        return self._signals.hear(TOPIC, lambda _: self._refresh_soon())

    async def keep_watch(self) -> None:
        """Look again now and then, for a signal that was lost."""
        while True:
            await self._clock.sleep(LOOK_S)
            await self._refresh_quietly()

    async def health(self) -> Health:
        """Tell whether every stored secret can be opened."""
        closed = self._unreadable()
        if closed:
            told = f"{len(closed)} stored credentials cannot be opened with the keys there are"
            return Health(ok=False, detail=told, fix=FIX)
        return Health(ok=True, detail=f"{len(self._rows)} stored")

    async def aclose(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self) -> None:
        """Use the change here, then have the others look; they would find it by themselves too."""
        await self.refresh()
        try:
            await self._signals.tell(TOPIC, {})
        except StewardError:
            logger.warning("other servers will notice the credential later", exc_info=True)

    def _refresh_soon(self) -> None:
        task = asyncio.ensure_future(self._refresh_quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refresh_quietly(self) -> None:
        try:
            await self.refresh()
        except StewardError:
            logger.warning("credentials could not be looked up", exc_info=True)

    def _check_name(self, name: str) -> None:
        if name not in self._options.given:
            raise NotFound("There is no such credential")
        if self._options.given[name]:
            msg = f"{name} is given by the environment, which wins; change it there"
            raise Conflict(msg)

    def _sealed(self, name: str, value: str) -> str:
        return _sealer(self._options.keys(make=True)).seal(_written(name, value))

    def _opened(self, rows: Mapping[str, SealedCredential]) -> dict[str, str]:
        from backend.kit.sealing import NotOpened  # noqa: PLC0415 - loaded with the first credential

        try:
            sealer = _sealer(self._options.keys(make=False))
        except NoKeys as exc:
            logger.error("credentials cannot be opened: %s", exc)  # noqa: TRY400 - it holds all there is to say
            return {}
        opened: dict[str, str] = {}
        for name, row in rows.items():
            try:
                opened[name] = read(sealer.open(row.sealed), name)
            except NotOpened:
                continue
        return opened

    def _unreadable(self) -> frozenset[str]:
        return frozenset(name for name in self._rows if name not in self._open)

    def _warn(self) -> None:
        closed = self._unreadable()
        if closed - self._warned:
            names = ", ".join(sorted(closed))
            logger.warning("stored credentials that no key opens: %s. %s", names, FIX)
        self._warned = closed

    def _standing(self, name: str) -> CredentialStanding:
        row = self._rows.get(name)
        if self._options.given.get(name):
            return CredentialStanding(name=name, source="environment")
        if row is None:
            return CredentialStanding(name=name, source="none")
        source: Source = "stored" if name in self._open else "unreadable"
        return CredentialStanding(
            name=name,
            source=source,
            hint=row.hint,
            updated_at_ms=row.updated_at_ms,
            updated_by=row.updated_by,
        )


async def reseal(store: CredentialStore, keys: Sequence[str]) -> tuple[list[str], list[str]]:
    """Seal everything with the newest key; give the names done and those that no key opens.

    Each row changes by itself and any key opens it before and after, so that a crash loses nothing.
    """
    sealer = _sealer(keys)
    done: list[str] = []
    closed: list[str] = []
    for row in await store.list():
        fresh = await asyncio.to_thread(_resealed, sealer, row)
        if fresh is None:
            closed.append(row.name)
        elif fresh == row.sealed or await store.replace(row.name, old=row.sealed, new=fresh):
            done.append(row.name)
    return done, closed


def _resealed(sealer: Sealer, row: SealedCredential) -> str | None:
    from backend.kit.sealing import NotOpened  # noqa: PLC0415 - loaded with the first credential

    if sealer.is_newest(row.sealed):
        return row.sealed
    try:
        return sealer.seal(sealer.open(row.sealed))
    except NotOpened:
        return None


def read(opened: str, name: str) -> str:
    """Read the value out of an opened sealing; raise NotOpened when it was made for another name."""
    from backend.kit.sealing import NotOpened  # noqa: PLC0415 - loaded with the first credential

    known = orjson.loads(opened)
    if known["name"] != name:
        raise NotOpened
    return str(known["value"])


def _written(name: str, value: str) -> str:
    return orjson.dumps({"name": name, "value": value}).decode()


def _sealer(keys: Sequence[str]) -> Sealer:
    from backend.kit.sealing import Sealer  # noqa: PLC0415 - loaded with the first credential

    return Sealer(keys)
