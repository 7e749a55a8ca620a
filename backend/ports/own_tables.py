"""Which of a user's files hold tables, and which of them a statement speaks of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from backend.errors import ToolRetry
from backend.kit.plain_text import one_line
from backend.kit.table_files import HEAD_BYTES, table_kind
from backend.kit.table_names import file_stem, plain_name
from backend.ports.documents import Documents, File, Listing
from backend.ports.own_files import named
from backend.ports.query import QueryFailed, TableEngine, TableFile

_LISTED = 200
_KINDS = "CSV, TSV, XLSX, JSON, JSON lines, Parquet and SQLite files"


async def tables_of(documents: Documents, user_id: str, names: Sequence[str]) -> list[TableFile]:
    """Find the files with tables that names mean, the newest where several fit one name.

    Raises:
        ToolRetry: when a name fits none, or one that holds no tables.
    """
    found: list[TableFile] = []
    for name in names:
        fits = await named(documents, user_id, name)
        tables = [one for file in fits if (one := await _table_file(documents, user_id, file))]
        if not tables:
            what = one_line(fits[0].filename, max_chars=100)
            msg = f'"{what}" holds no tables that can be queried; {_KINDS} do.'
            raise ToolRetry(msg)
        if tables[0] not in found:
            found.append(tables[0])
    return found


async def tables_for(documents: Documents, user_id: str, sql: str, *, most: int) -> list[TableFile]:
    """Choose the files whose names a statement holds; all when it holds none, the newest first.

    Raises:
        ToolRetry: when the user has no files with tables.
    """
    every = await every_table(documents, user_id, most=_LISTED)
    text = sql.casefold()
    meant = [
        one
        for one in every
        if one.name.casefold() in text
        or file_stem(one.name).casefold() in text
        or plain_name(file_stem(one.name)) in text
    ]
    return (meant or every)[:most]


async def every_table(documents: Documents, user_id: str, *, most: int) -> list[TableFile]:
    """List the user's files with tables, newest first, the newest of each name.

    Raises:
        ToolRetry: when there are none.
    """
    found: dict[str, TableFile] = {}
    for file in (await documents.list(user_id, Listing(limit=_LISTED))).items:
        if file.filename in found:
            continue
        table = await _table_file(documents, user_id, file)
        if table is not None:
            found[file.filename] = table
        if len(found) >= most:
            break
    if not found:
        msg = f"The user has uploaded no files with tables; {_KINDS} can be queried."
        raise ToolRetry(msg)
    return list(found.values())


async def sound(
    engine: TableEngine, files: Sequence[TableFile]
) -> tuple[list[TableFile], list[str]]:
    """Leave out the files that cannot be read as tables, each with the reason.

    Raises:
        QueryFailed: when none is left.
    """
    try:
        await engine.schema(files)
    except QueryFailed:
        if len(files) == 1:
            raise
    else:
        return list(files), []
    kept: list[TableFile] = []
    faults: list[str] = []
    for one in files:
        try:
            await engine.schema([one])
            kept.append(one)
        except QueryFailed as exc:
            faults.append(f"Left out: {one_line(str(exc), max_chars=200)}")
    if not kept:
        raise QueryFailed(" ".join(faults))
    return kept, faults


async def _table_file(documents: Documents, user_id: str, file: File) -> TableFile | None:
    held = await documents.content(user_id, file.id)
    if held is None:
        return None
    head = await asyncio.to_thread(_head, held[1])
    kind = table_kind(head, file.filename, file.document.kind)
    if kind is None:
        return None
    return TableFile(name=file.filename, path=held[1], kind=kind, owner=user_id)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:  # erased just now
        return b""
