"""Files with tables, and the real engine over them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from backend.kit.clocks import SystemClock
from backend.ports.query import TableFile
from backend.query.files.engine import FileQueryOptions, FileTables

SALES = "region,amount\nNorth,1.5\nSouth,2.25\nNorth,\n"


def table_file(folder: Path, name: str, content: str | bytes, kind: Any = None) -> TableFile:
    """Write a file under a name that is no path, as uploads lie."""
    path = folder / f"file-{len(list(folder.iterdir()))}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return TableFile(name=name, path=path, kind=kind or name.rpartition(".")[2])


def workbook(folder: Path, name: str, sheets: dict[str, list[list[Any]]]) -> TableFile:
    """Write a workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = folder / f"file-{len(list(folder.iterdir()))}"
    with path.open("wb") as file:
        book.save(file)
    return TableFile(name=name, path=path, kind="xlsx")


def sqlite_file(folder: Path, name: str, script: str) -> TableFile:
    """Write an SQLite database."""
    path = folder / f"file-{len(list(folder.iterdir()))}"
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.commit()
    connection.close()
    return TableFile(name=name, path=path, kind="sqlite")


@asynccontextmanager
async def open_tables(root: Path, **options: Any) -> AsyncIterator[FileTables]:
    """Open the engine; its temporary folder is `root / "queries"`."""
    chosen = FileQueryOptions(folder=root / "queries", processes=1, **options)
    tables = FileTables(chosen, clock=SystemClock())
    try:
        yield tables
    finally:
        await tables.aclose()


def rows_of(root: Path, files: list[TableFile], sql: str, **options: Any) -> list[tuple[Any, ...]]:
    """Ask once and give the rows."""

    async def ask() -> list[tuple[Any, ...]]:
        async with open_tables(root, **options) as tables:
            return list((await tables.query(files, sql, max_rows=1000)).rows)

    return asyncio.run(ask())
