"""Copies of the SQLite file made before a migration. Not for: the user's own backups."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

KEPT = 3


def backup_before_migration(path: Path, *, revision: str) -> Path:
    """Copy the database to `<name>.bak-<revision>-<stamp>` beside it; keep the last three copies."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = path.with_name(f"{path.name}.bak-{revision}-{stamp}")
    copy_database(path, target)
    for old in backups_of(path)[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def backups_of(path: Path) -> list[Path]:
    """List the copies of a database, oldest first."""
    copies = path.parent.glob(f"{path.name}.bak-*")
    return sorted(copies, key=lambda copy: copy.name.rpartition("-")[2])


def copy_database(source: Path, target: Path) -> None:
    """Copy page by page through SQLite, so that nothing half written and no log is missed.

    The target is made readable by its owner alone; an existing database there is overwritten, also
    while others have it open.

    Raises:
        sqlite3.Error: when either file cannot be read or written.
    """
    target.touch(mode=0o600)
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)
