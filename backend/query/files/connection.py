"""Opens a DuckDB of one call, in memory and bounded, and locks it before strangers' SQL runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from backend.kit.table_names import literal

_NOWHERE = "/nonexistent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one call may take."""

    memory_bytes: int
    threads: int
    temp_bytes: int


def opened(bounds: Bounds, folder: Path) -> DuckDBPyConnection:
    """Open one that loads no extension and spills into `folder` only."""
    spill = folder / "spill"
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{bounds.memory_bytes // 1024}KiB",
            "threads": bounds.threads,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_unsigned_extensions": False,
            "allow_persistent_secrets": False,
            "extension_directory": _NOWHERE,
            "secret_directory": _NOWHERE,
            "home_directory": _NOWHERE,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    # As part of `config` it is taken and then not kept: hundreds of MiB were written past it.
    connection.execute(f"SET max_temp_directory_size = '{bounds.temp_bytes // 1024}KiB'")
    return connection


def lock(connection: DuckDBPyConnection, *, readable: Sequence[Path]) -> None:
    """Take away every file but those that views read, and every way to change that again."""
    paths = ", ".join(literal(str(path)) for path in readable)
    connection.execute(f"SET allowed_paths = [{paths}]")
    for name in ("enable_external_access", "python_enable_replacements"):
        connection.execute(f"SET {name} = false")
    connection.execute("SET lock_configuration = true")
