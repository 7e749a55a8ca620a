"""Open the stores and signals of a server or worker; apart from `parts`, whose imports no worker needs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from backend.bootstrap.timekeeping import go_by_database
from backend.config.errors import SettingsError
from backend.config.settings import Settings
from backend.kit.clocks import CorrectedClock, SystemClock
from backend.ports.clock import Clock
from backend.ports.measuring import Measuring
from backend.ports.signals import Signals
from backend.storage.database import UnusableDatabaseUrl, kind_of
from backend.storage.memory.signals import LocalSignals
from backend.storage.opening import wait_for_database
from backend.storage.revisions import NoInstallation, UnusableSchema
from backend.storage.schema import prepare_database, revision_of
from backend.storage.sqlite_database import sqlite_path
from backend.storage.stores import Stores, memory_stores, open_stores

logger = logging.getLogger(__name__)


def shared(settings: Settings) -> bool:
    """Tell whether several servers may be on the database at once: on PostgreSQL."""
    return kind_of(settings.database_url.get_secret_value()) == "postgresql"


def require_installation(settings: Settings) -> None:
    """Refuse to go on where nothing is kept, as under a mistyped name; nothing is made there.

    Raises:
        NoInstallation: with where it was looked for, and which setting led there.
        UnusableDatabaseUrl, UnusableSchema: when the database cannot be used.
    """
    url = settings.database_url.get_secret_value()
    if revision_of(url) is not None:
        return
    if shared(settings):
        msg = "there is no installation: the database of DATABASE_URL is empty"
    else:
        name = "DATABASE_URL" if settings.origin("DATABASE_URL") != "default" else "DATA_DIR"
        msg = f"there is no installation: {sqlite_path(url)} is not there; see {name} ({settings.origin(name)})"
    raise NoInstallation(msg)


async def make_ready(settings: Settings, *, make: bool = True) -> None:
    """Wait for a database that is starting, and bring it to this version's schema.

    Raises:
        NoInstallation: where there is none and, without `make`, none is to be made.
        SettingsError: when it cannot be used, in one line.
    """
    url = settings.database_url.get_secret_value()
    try:
        await wait_for_database(url, wait_s=settings.database.start_wait_s, clock=SystemClock())
        if not make:
            await asyncio.to_thread(require_installation, settings)
        await prepare_database(url)
    except NoInstallation:
        raise
    except (UnusableDatabaseUrl, UnusableSchema) as exc:
        msg = f"DATABASE_URL: {exc} ({settings.origin('DATABASE_URL')})"
        raise SettingsError([msg]) from exc


async def open_all_stores(
    settings: Settings, *, demo: bool, measuring: Measuring | None = None
) -> Stores:
    """Open the database, or stores in memory for a demonstration."""
    if demo:
        logger.warning("Demo: everything is kept in memory and forgotten at the end")
        return memory_stores()
    given = settings.database
    url = settings.database_url.get_secret_value()
    return await open_stores(
        url,
        measuring=measuring,
        writers=given.writers,
        readers=given.readers,
        index_above=given.vector_index_above_chunks,
    )


async def open_clock(settings: Settings, stores: Stores, stack: AsyncExitStack) -> Clock:
    """Give the time: the machine's, put right by the database's where several machines may share it."""
    if not shared(settings):
        return SystemClock()
    clock = CorrectedClock()
    await go_by_database(clock, stores.servers, stack)
    return clock


async def open_signals(
    settings: Settings, clock: Clock, stack: AsyncExitStack, *, demo: bool = False
) -> Signals:
    """Open the way on which servers and workers tell each other what happened."""
    if demo or not shared(settings):
        return LocalSignals()
    from backend.storage.postgres_signals import (  # noqa: PLC0415 - a driver that SQLite needs not
        PostgresSignals,
    )

    signals = PostgresSignals(settings.database_url.get_secret_value(), clock=clock)
    stack.push_async_callback(signals.aclose)
    await signals.start()
    return signals
