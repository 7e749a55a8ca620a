"""Ends what runs for users who were disabled or erased, and with keys that were revoked; has the erased forgotten.

Whoever changes an account tells all servers at once (topic `user`); what runs and is held is looked through
every few seconds besides, because a signal may be lost and a command may have made the change.
Not for: refusing new requests (`auth`), or what whoever erases an account erases with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.signals import Signals
from backend.ports.standing import StandingStore
from backend.ports.values import JsonObject

logger = logging.getLogger(__name__)
TOPIC = "user"
LOOK_EVERY_S = 2.0


class Cancellable(Protocol):
    """Knows something that runs for users."""

    def owners(self) -> Iterable[tuple[str, str]]:
        """Tell for whom something runs, and with which keys it was asked for; "" for none."""
        ...

    def cancel_of(self, user_id: str, *, key_id: str = "") -> None:
        """Stop what runs for a user, or what was asked for with one of their keys."""
        ...


class Holder(Protocol):
    """Holds something of users besides the database: in memory, or on the disk."""

    def users(self) -> Iterable[str]:
        """Name those of whom this process holds something."""
        ...

    async def forget_user(self, user_id: str) -> None:
        """Forget what there is of a user who is gone."""
        ...


class Standing:
    """Ends what may not go on, on this server; `holding` forgets whoever is gone."""

    def __init__(
        self,
        store: StandingStore,
        clock: Clock,
        *,
        running: Sequence[Cancellable],
        holding: Sequence[Holder] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._running = running
        self._holding = holding

    def hear(self, signals: Signals) -> Callable[[], None]:
        """Act on what servers tell each other; give what ends that."""
        return signals.hear(TOPIC, self._heard)

    async def keep(self) -> None:
        """Look every few seconds while anything runs or is held. Cancel to stop."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except StewardError as exc:
                logger.warning("it is not known who may go on: %s", exc.message)

    async def look(self) -> None:
        """End what runs and may not; nothing is asked of the database while nothing runs or is held."""
        owners = {one for some in self._running for one in some.owners()}
        held = {user_id for one in self._holding for user_id in one.users()}
        user_ids = held.union(user_id for user_id, _ in owners)
        if not user_ids:
            return
        key_ids = {key_id for _, key_id in owners if key_id}
        ended = await self._store.ended(user_ids, key_ids)
        for user_id, key_id in owners:
            if user_id in ended.user_ids:
                self._end(user_id)
            elif key_id in ended.key_ids:
                self._end(user_id, key_id)
        for user_id in ended.gone:
            await self._forget(user_id)

    def _heard(self, told: JsonObject) -> None:
        if told.get("ended"):
            self._end(str(told.get("user_id", "")), str(told.get("key_id", "")))

    async def _forget(self, user_id: str) -> None:
        for one in self._holding:
            try:
                await one.forget_user(user_id)
            except (StewardError, OSError):
                logger.exception("what is held of user %s, who is gone, is not forgotten", user_id)

    def _end(self, user_id: str, key_id: str = "") -> None:
        for one in self._running:
            one.cancel_of(user_id, key_id=key_id)
