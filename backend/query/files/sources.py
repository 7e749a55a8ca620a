"""What a file is to DuckDB: relations it can read, before their columns have types.

Not for: which columns mean what (`column_types`) or the formats (`delimited`, `json_tables` ...).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.ports.query import QueryFailed, TableKind

CONVERTED_NAME = "converted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One file of a call. `plan` is what an earlier call found out about the same bytes."""

    name: str
    path: Path
    kind: TableKind
    plan: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table before typing.

    `part` is what is added to the file's name (a sheet, a table), empty for the only one.
    `relations` are ways to read it as SQL, the strictest first. `texts` are its columns when all
    are text whose types are still to be found; None when the relation has types of its own.
    `weak_comma` is what the delimiter suggests about "1,234".
    """

    relations: tuple[str, ...]
    part: str = ""
    texts: tuple[str, ...] | None = None
    weak_comma: bool | None = None
    size_bytes: int = 0
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Workshop:
    """The folder of one call, with what may still be written to it."""

    folder: Path
    left_bytes: int
    made: int = 0
    reads: list[Path] = field(default_factory=list[Path])

    def new_file(self, suffix: str) -> Path:
        """Name a file for a converted table."""
        self.made += 1
        path = self.folder / f"{CONVERTED_NAME}-{self.made}{suffix}"
        self.reads.append(path)
        return path

    def spend(self, size: int) -> None:
        """Count what is written; raise QueryFailed above the bound."""
        self.left_bytes -= size
        if self.left_bytes < 0:
            raise QueryFailed("The file is larger, once unpacked, than this server queries.")
