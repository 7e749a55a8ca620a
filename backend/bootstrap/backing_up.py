"""Make a backup of everything a server keeps, while it runs.

In it: the database as it was at one moment, every file its rows name, the checkpoints of runs that
wait, and on request the key files. Not in it: what is made anew (indexes, models, caches).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Table, select

from backend import __version__
from backend.bootstrap.databases import require_installation
from backend.bootstrap.documents import document_folders
from backend.bootstrap.owned_files import owned_files
from backend.config.settings import Settings
from backend.kit.archives import ArchiveWriter, writing_archive
from backend.kit.folder_lock import working_folder
from backend.kit.owned_files import OwnedFiles
from backend.storage.backups import copy_database
from backend.storage.document_tables import files
from backend.storage.row_copies import copying_engine
from backend.storage.snapshots import Snapshot, take_snapshot
from backend.storage.tables import artifacts

FORMAT = "steward-backup"
FORMAT_VERSION = 1
ABOUT = "about.json"
CHECKPOINTS = "checkpoints.db"
STAGING = ".backup-"
KEY_FILES = "*.key"
_COMES_WITHIN_S = 5.0  # bytes of a row that was just written, on a disk that is slow
_LOOK_EVERY_S = 0.05
Owned = tuple[str, str]


def make_backup(settings: Settings, out: BinaryIO, *, with_keys: bool) -> dict[str, Any]:
    """Write a backup to `out` and tell what is in it.

    Raises:
        NoInstallation: when there is no database yet; nothing is made then.
        OSError: when something cannot be read or written.
    """
    require_installation(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with working_folder(settings.data_dir, STAGING) as staging:
        taken = take_snapshot(settings.database_url.get_secret_value(), staging)
        about: dict[str, Any] = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": __version__,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "schema": taken.revision,
            "database": taken.form,
            "counts": dict(taken.counts),
            "keys": [],
            "erased": {},
            "missing": [],
        }
        with writing_archive(out, about=about) as archive:
            first = ("format", "format_version", "version", "made_at", "schema", "database")
            archive.add_bytes(ABOUT, orjson.dumps({name: about[name] for name in first}))
            for member, path in taken.members.items():
                archive.add_file(member, path)
            _add_checkpoints(archive, settings, staging)
            _add_owned(archive, settings, taken, about)
            if with_keys:
                about["keys"] = _add_keys(archive, settings)
        about["bytes"] = sum(one.size for one in archive.sums.values())
        about["files"] = len(taken.uploads) + len(taken.artifacts)
    return about


def _add_checkpoints(archive: ArchiveWriter, settings: Settings, staging: Path) -> None:
    """Add what waiting runs go on from; it is copied after the rows that wait, so that it is there."""
    found = settings.data_dir / CHECKPOINTS
    if not found.exists():
        return
    copy = staging / CHECKPOINTS
    try:
        copy_database(found, copy)
    except sqlite3.Error:  # a work space that a server makes anew when it is damaged
        return
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    archive.add_file(CHECKPOINTS, copy)


def _add_owned(
    archive: ArchiveWriter, settings: Settings, taken: Snapshot, about: dict[str, Any]
) -> None:
    """Add every file that rows name.

    One whose row has gone since was erased by its owner, and is to stay erased; one whose bytes are
    gone though its row is there was lost before.
    """
    folders = document_folders(settings)
    kinds: Mapping[str, tuple[Path, Table, Sequence[Owned]]] = {
        "uploads": (folders.uploads, files, taken.uploads),
        "artifacts": (folders.artifacts, artifacts, taken.artifacts),
    }
    for kind, (root, table, named) in kinds.items():
        folder = owned_files(settings, root)
        absent = [one for one in named if not _added(archive, kind, folder, one)]
        end_s = time.monotonic() + _COMES_WITHIN_S
        there = _still_named(settings, table, absent)
        while (late := [one for one in absent if one in there]) and time.monotonic() < end_s:
            time.sleep(_LOOK_EVERY_S)
            absent = [one for one in absent if not _added(archive, kind, folder, one)]
            there = _still_named(settings, table, absent)
        about["erased"][kind] = [list(one) for one in absent if one not in there]
        about["missing"] += [f"{kind}/{owner}/{file}" for owner, file in late]


def _added(archive: ArchiveWriter, kind: str, folder: OwnedFiles, one: Owned) -> bool:
    owner, file = one
    path = folder.fetch(owner, file)
    if path is None:
        return False
    try:
        archive.add_file(f"{kind}/{owner}/{file}", path)
    except FileNotFoundError:  # erased in this moment
        return False
    return True


def _still_named(settings: Settings, table: Table, some: Sequence[Owned]) -> set[Owned]:
    """Tell which of the files have a row by now."""
    if not some:
        return set()
    ids = {file for _, file in some}
    url = settings.database_url.get_secret_value()
    with copying_engine(url) as engine, engine.connect() as connection:
        found = connection.execute(select(table.c.user_id, table.c.id))
        return {(row.user_id, row.id) for row in found if row.id in ids}


def _add_keys(archive: ArchiveWriter, settings: Settings) -> list[str]:
    found = sorted(settings.data_dir.glob(KEY_FILES))
    for path in found:
        archive.add_file(f"keys/{path.name}", path)
    return [path.name for path in found]
