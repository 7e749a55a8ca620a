"""What a server does for users whose account another process has erased or disabled.

Commands and other replicas change accounts without this process. Requests are refused by the row, a
second later at most; here is what no request passes by: answers that run, indexes that are loaded,
uploads that have begun. One small read a second, and only while there is any of these.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from backend.api.deps import AppServices
from backend.bootstrap.documents import OpenLibrary
from backend.errors import StewardError
from backend.ports.clock import Clock
from backend.ports.stores import UserStore

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """Looks after the users that this process holds something of.

    `held` names them; `stop` ends what runs of one, `forget` what is kept of one who is gone.
    """

    users: UserStore
    clock: Clock
    held: Callable[[], Collection[str]]
    stop: Callable[[str], Awaitable[None]]
    forget: Callable[[str], Awaitable[None]]

    async def keep_looking(self) -> None:
        """Look every second. Cancel to stop."""
        while True:
            await self.clock.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except (StewardError, OSError):
                logger.exception("users who have left could not be looked for")

    async def look(self) -> None:
        """Look once."""
        for user_id in self.held():
            user = await self.users.get(user_id)
            if user is None or user.disabled:
                await self.stop(user_id)
            if user is None:
                await self.forget(user_id)


def departures_of(services: AppServices, library: OpenLibrary, users: UserStore) -> Departures:
    """Make what looks after the users of a server."""

    def held() -> set[str]:
        running = {run.request.user_id for run in services.turns.active.values()}
        uploads = services.pending_uploads.users() if services.pending_uploads else ()
        return running | set(library.indexes.users()) | set(uploads)

    async def stop(user_id: str) -> None:
        services.turns.cancel_of(user_id)

    async def forget(user_id: str) -> None:
        await library.documents.forget_user(user_id)
        if services.pending_uploads is not None:
            await services.pending_uploads.forget_user(user_id)
        if services.artifacts is not None:
            await services.artifacts.tidy(user_id)

    return Departures(users=users, clock=services.clock, held=held, stop=stop, forget=forget)
