"""Tells by a file's first bytes, its name and how it was read whether it holds tables.

Not for: reading them.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

TableKind = Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx", "sqlite"]
HEAD_BYTES = 16
_SQLITE = b"SQLite format 3\0"
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_BY_NAME: dict[str, TableKind] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".geojson": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_BY_READER: dict[str, TableKind] = {"csv": "csv", "json": "json"}


def table_kind(head: bytes, filename: str, reader: str) -> TableKind | None:
    """Give the kind of tables in a file, None for none.

    `reader` is the kind of document it was read as, empty when it could not be read.
    """
    if head.startswith(_SQLITE):
        return "sqlite"
    if head.startswith(_PARQUET):
        return "parquet"
    suffix = PurePath(filename.lower()).suffix
    if head.startswith(_ZIP):
        return "xlsx" if reader == "xlsx" or (not reader and suffix in {".xlsx", ".xlsm"}) else None
    if reader in _BY_READER:
        return _BY_NAME.get(suffix, _BY_READER[reader])
    return None if reader else _BY_NAME.get(suffix)
