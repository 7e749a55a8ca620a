"""The stores of an installation for a command; servers may work on them meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from backend.auth.service import AuthService
from backend.bootstrap.commands.outcome import MISUSED, CommandFailed
from backend.bootstrap.databases import open_all_stores, require_installation
from backend.bootstrap.parts import make_accounts
from backend.config.settings import Settings
from backend.kit.clocks import SystemClock
from backend.ports.stores import User
from backend.storage.stores import Stores

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a command about accounts works with."""

    settings: Settings
    stores: Stores
    accounts: AuthService
    clock: SystemClock

    async def user(self, name: str) -> User:
        """Find an account by its name in any spelling, or by its id."""
        found = await self.stores.users.by_name(name) or await self.stores.users.get(name)
        if found is None:
            msg = f"there is no user {name}"
            raise CommandFailed(msg, code=MISUSED)
        return found


def with_stores(
    settings: Settings, work: Callable[[Opened], Awaitable[T]], *, make: bool = False
) -> T:
    """Open the stores, do the work, close them; with `make`, of an installation that is only to be.

    Raises:
        NoInstallation: when there is none; nothing is made then.
    """
    if not make:
        require_installation(settings)

    async def done() -> T:
        async with _opened(settings) as opened:
            return await work(opened)

    return asyncio.run(done())


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Opened]:
    clock = SystemClock()
    stores = await open_all_stores(settings, demo=False)
    try:
        accounts = make_accounts(settings, stores, clock)
        try:
            yield Opened(settings=settings, stores=stores, accounts=accounts, clock=clock)
        finally:
            await accounts.aclose()
    finally:
        await stores.aclose()
