"""Move an installation to another database, while none of its servers runs."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Mapping

from sqlalchemy.engine import make_url

from backend.bootstrap.databases import require_installation, shared
from backend.config.addresses import database_url
from backend.config.errors import SettingsError
from backend.config.settings import Settings
from backend.kit.clocks import SystemClock
from backend.kit.folder_lock import FolderInUse, FolderLock
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.moving import CannotMove, move
from backend.storage.opening import wait_for_database
from backend.storage.revisions import NoInstallation, UnusableSchema
from backend.storage.schema import prepare_database


def move_database(settings: Settings, *, to: str | None) -> int:
    """Copy every row from the database of the settings to an empty one, and say what was moved.

    Without `to` the address is read from standard input, where a password is safe.

    Raises:
        NoInstallation: when there is nothing to move; the new database is as it was then.
        SettingsError: when it cannot be moved, in one line; the source is as it was in any case.
    """
    target = _target(to)
    lock = _hold(settings)
    try:
        moved = asyncio.run(_move(settings, target))
    except NoInstallation:
        raise
    except (CannotMove, UnusableDatabaseUrl, UnusableSchema) as exc:
        msg = f"move-database: {exc}"
        raise SettingsError([msg]) from exc
    finally:
        if lock is not None:
            lock.release()
    sys.stdout.write(_report(moved))
    return 0


async def _move(settings: Settings, target: str) -> Mapping[str, int]:
    wait_s = settings.database.start_wait_s
    source = settings.database_url.get_secret_value()
    await wait_for_database(source, wait_s=wait_s, clock=SystemClock())
    await asyncio.to_thread(require_installation, settings)
    await wait_for_database(target, wait_s=wait_s, clock=SystemClock())
    await prepare_database(target)
    return await asyncio.to_thread(move, source, target)


def _target(to: str | None) -> str:
    """Read where to; a password in an argument would be seen by every process of the machine."""
    if to is None:
        asked = "Address of the new database: "
        given = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    else:
        given = to
    try:
        url = database_url(given)
    except ValueError as exc:
        msg = f"move-database: the new address cannot be used: {exc}"
        raise SettingsError([msg]) from exc
    if to is not None and (make_url(url).password or "password" in make_url(url).query):
        msg = (
            "move-database: --to holds a password: leave --to out, and give the address when asked"
        )
        raise SettingsError([msg])
    return url


def _hold(settings: Settings) -> FolderLock | None:
    """Keep the data folder, so that no server of SQLite runs on it or starts meanwhile."""
    if shared(settings) or not settings.data_dir.is_dir():
        return None
    try:
        return FolderLock(settings.data_dir)
    except FolderInUse as exc:
        msg = f"move-database: {settings.data_dir} is in use by {exc}; stop it first"
        raise SettingsError([msg]) from exc


def _report(moved: Mapping[str, int]) -> str:
    lines = [f"  {name}: {rows}" for name, rows in moved.items() if rows]
    waiting = moved.get("paused_runs", 0)
    if waiting:
        lines.append(
            f"{waiting} runs wait for somebody's word: decide about them in the old installation, or they end."
        )
    lines.append("Now set DATABASE_URL to the new address; the old database is as it was.")
    return "\n".join(["Moved, row by row checked:", *lines, ""])
