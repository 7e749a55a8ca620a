"""Write everything of one user into an archive (`arriving_users` makes an account of one).

docs/operating.md describes the archive for whoever reads it with other programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Connection

from backend import __version__
from backend.bootstrap.backing_up import ABOUT, STAGING
from backend.bootstrap.documents import document_folders
from backend.bootstrap.owned_files import owned_files
from backend.config.settings import Settings
from backend.kit.archives import ArchiveWriter, writing_archive
from backend.kit.folder_lock import working_folder
from backend.ports.stores import User
from backend.storage.revisions import HEAD
from backend.storage.row_copies import copying_engine, line_of
from backend.storage.user_copies import rows_of_user, told_tables

FORMAT = "steward-user"
FORMAT_VERSION = 1
USER = "user.json"
NAMED_BY = {"uploads": "files", "artifacts": "artifacts"}


def export_user(
    settings: Settings, user: User, out: BinaryIO, *, with_password: bool
) -> dict[str, Any]:
    """Write an archive of a user to `out`; give how many rows of which table, and what was missing."""
    about: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": __version__,
        "schema": HEAD,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    whole: dict[str, Any] = {**about, "counts": {}, "missing": []}
    shown = {
        "id": user.id,
        "username": user.username,
        "role": user.role,
        "created_at_ms": user.created_at_ms,
        **({"password_hash": user.password_hash} if with_password else {}),
    }
    url = settings.database_url.get_secret_value()
    with (
        writing_archive(out, about=whole) as archive,
        working_folder(settings.data_dir, STAGING) as staging,
    ):
        archive.add_bytes(ABOUT, orjson.dumps(about))
        archive.add_bytes(USER, orjson.dumps(shown))
        with copying_engine(url) as engine, engine.connect() as connection:
            named = _add_rows(archive, connection, user.id, staging, whole["counts"])
        whole["missing"] = _add_files(archive, settings, user.id, named)
    return whole


def _add_rows(
    archive: ArchiveWriter,
    connection: Connection,
    user_id: str,
    staging: Path,
    counts: dict[str, int],
) -> dict[str, list[str]]:
    """Add every table's rows as they are at one moment; give the ids of what lies in files."""
    named: dict[str, list[str]] = {}
    for table in told_tables():
        path, ids = staging / f"{table.name}.jsonl", list[str]()
        with path.open("wb") as lines:
            for row in rows_of_user(connection, table, user_id):
                lines.write(line_of(row))
                ids.append(str(row.get("id", "")))
        counts[str(table.name)] = len(ids)
        named[str(table.name)] = ids
        archive.add_file(f"rows/{table.name}.jsonl", path)
    return named


def _add_files(
    archive: ArchiveWriter, settings: Settings, user_id: str, named: Mapping[str, Sequence[str]]
) -> list[str]:
    folders = document_folders(settings)
    roots = {"uploads": folders.uploads, "artifacts": folders.artifacts}
    missing: list[str] = []
    for kind, root in roots.items():
        for file_id in named[NAMED_BY[kind]]:
            path = owned_files(settings, root).fetch(user_id, file_id)
            if path is None:
                missing.append(f"{kind}/{file_id}")
            else:
                archive.add_file(f"{kind}/{file_id}", path)
    return missing
