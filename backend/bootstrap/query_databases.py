"""Make the databases that settings open to queries, look at them, and tell how they are."""

from __future__ import annotations

import asyncio

from backend.bootstrap.documents import Ground
from backend.config.tool_groups import QuerySettings
from backend.ports.clock import Clock
from backend.ports.query import Databases
from backend.ports.values import JsonObject
from backend.query.databases.service import ConfiguredDatabases, DatabaseEntry, DatabaseLimits

_MIB = 1024 * 1024


def open_databases(ground: Ground) -> Databases | None:
    """Make the databases that settings name; None when they name none."""
    databases = make_databases(ground.settings.query, ground.clock)
    if databases is not None:
        ground.stack.push_async_callback(databases.aclose)
    return databases


def make_databases(settings: QuerySettings, clock: Clock) -> ConfiguredDatabases | None:
    """Make the databases of these settings; no connection is opened before one is asked."""
    if not settings.databases:
        return None
    entries = [
        DatabaseEntry(
            name=one.name,
            url=one.url.get_secret_value(),
            users=frozenset(one.users),
            roles=frozenset(one.roles),
            schemas=one.schemas,
            description=one.description,
            account_is_read_only=one.account_is_read_only,
        )
        for one in settings.databases
    ]
    limits = DatabaseLimits(
        timeout_s=settings.database_timeout_s,
        max_rows=settings.database_max_rows,
        max_result_bytes=settings.database_max_result_bytes,
        processes=settings.database_processes,
        memory_bytes=settings.database_memory_mib * _MIB,
    )
    return ConfiguredDatabases(entries, limits, clock=clock)


def look_behind_the_start(ground: Ground, databases: Databases | None) -> None:
    """Try each database once while the server already serves."""
    if databases is not None:
        ground.stack.callback(asyncio.create_task(databases.look()).cancel)


def database_report(databases: Databases | None) -> JsonObject:
    """Count the databases that answer and say what is wrong with others, without their names.

    Whoever asks `/health` need not be one who may know which databases there are.
    """
    states = list(databases.states().values()) if databases is not None else []
    return {
        "on": sum(one.ok for one in states),
        "off": sorted({one.detail for one in states if not one.ok}),
    }
