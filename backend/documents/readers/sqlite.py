"""Takes SQLite files in: their tables and columns can be searched; the rows are asked by SQL.

The schema is a stranger's text: it is read as such, nothing of it is run.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from struct import unpack_from
from urllib.parse import quote

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source, Unreadable

KIND = "sqlite"
LABEL = "SQLite"

_MOST_TABLES = 500
_MAX_SQL_CHARS = 20_000
_HEADER_BYTES = 100
_LARGEST_PAGE_BYTES = 65_536  # which its two bytes cannot say
_TABLES = "SELECT name, substr(sql, 1, ?) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
_ASKED = "The rows are not searched; ask them with sql_query or data_analysis."


def read(source: Source) -> Extracted:
    """Give a paragraph for each table, with its definition."""
    if _is_cut_off(source):
        raise Unreadable("The SQLite file is damaged: its end is missing.")
    address = f"file:{quote(str(source.path))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            found = connection.execute(_TABLES, [_MAX_SQL_CHARS]).fetchmany(_MOST_TABLES)
    except sqlite3.Error as exc:
        raise Unreadable("The SQLite file is damaged.") from exc
    builder = TextBuilder(source.limits)
    builder.add(f"SQLite database {source.filename}")
    for name, definition in found:
        builder.add(f"Table {name}: {definition}", "record")
    return builder.build(note=_ASKED)


def _is_cut_off(source: Source) -> bool:
    """Tell a file that is shorter than its header says: https://www.sqlite.org/fileformat2.html#in_header_database_size."""
    with source.path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return True
    (page_bytes,), (changes, pages) = unpack_from(">H", header, 16), unpack_from(">II", header, 24)
    (said_at,) = unpack_from(">I", header, 92)
    page_bytes = _LARGEST_PAGE_BYTES if page_bytes == 1 else page_bytes
    return said_at == changes and pages * page_bytes > source.path.stat().st_size
