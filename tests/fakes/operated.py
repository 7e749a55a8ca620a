"""An installation as its operator sees it: commands, rows of the database, files on the disk."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from backend.storage.row_copies import copying_engine, rows_of, tables_of
from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import ROOT, clean_environment

PASSWORD = "correct horse battery"


def environ_of(folder: Path, **more: str) -> dict[str, str]:
    """Give the settings under which commands see what `live_server(folder)` keeps."""
    return {
        "DATA_DIR": str(folder / "data"),
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "OLLAMA_HOST": "127.0.0.1:1",
        "AUTH__BCRYPT_ROUNDS": "10",
        **more,
    }


def command(
    *arguments: str, environ: Mapping[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m backend <arguments>` to its end, three minutes at most."""
    return subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        cwd=Path(environ["DATA_DIR"]).parent,
        env={**clean_environment(environ), "PYTHONPATH": str(ROOT)},
        input=given,
        capture_output=True,
        timeout=180,
        check=False,
    )


def done(
    *arguments: str, environ: Mapping[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a command that must succeed."""
    ended = command(*arguments, environ=environ, given=given)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended


def all_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Read every row of every table as it stands."""
    with copying_engine(url) as engine, engine.connect() as connection:
        return {
            str(table.name): list(rows_of(connection, table)) for table in tables_of(connection)
        }


def sqlite_of(folder: Path) -> str:
    """Give the address of the database of `live_server(folder)`."""
    return f"sqlite:///{folder}/data/steward.db"


def loose_ends(folder: Path) -> list[Any]:
    """List what is wrong with the database file: damage, and rows that point at nothing."""
    with closing(sqlite3.connect(folder / "data" / "steward.db")) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchall()
        return [*found, *connection.execute("PRAGMA foreign_key_check")]


def files_below(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder, by its path in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
