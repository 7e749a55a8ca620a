"""Give space that was freed inside an SQLite file back to the disk. PostgreSQL's autovacuum does it by itself.

New files are made to shrink in small steps (`auto_vacuum=INCREMENTAL`), between which others can write; one
that an older version made is rewritten once. https://sqlite.org/pragma.html#pragma_auto_vacuum
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path

logger = logging.getLogger(__name__)
MAKE_SHRINKABLE = "auto_vacuum=INCREMENTAL"  # before the first table is made
LEAST_FREE_BYTES = 16 * 1024 * 1024
LEAST_SHARE = 0.2
PAGES_AT_ONCE = 1_000
_INCREMENTAL = 2


def shrink_a_little(connection: sqlite3.Connection, path: Path, *, begun: bool) -> bool:
    """Give some of a file's free space back, where much is free or it has `begun`; tell whether to go on.

    The connection is in no transaction. A file that must be rewritten whole is so only where the disk has
    room for a second one.
    """
    free, pages, page_bytes, kind = (
        _number(connection, name)
        for name in ("freelist_count", "page_count", "page_size", "auto_vacuum")
    )
    worth_it = free * page_bytes >= LEAST_FREE_BYTES and free >= pages * LEAST_SHARE
    if free == 0 or not (worth_it or begun):
        return False
    if kind == _INCREMENTAL:
        connection.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
        return True
    size = pages * page_bytes
    if shutil.disk_usage(path.parent).free > 2 * size:
        logger.info("%s is rewritten to give %d bytes back", path.name, free * page_bytes)
        connection.execute(f"PRAGMA {MAKE_SHRINKABLE}").fetchall()
        connection.execute("VACUUM")
    return False


def empty_log(connection: sqlite3.Connection) -> None:
    """Let the file itself shrink: what was written to the write-ahead log goes into it."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _number(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
