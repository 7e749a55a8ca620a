"""Reads whatever table a caller pasted: JSON, JSON lines, CSV, TSV or plain numbers.

Not for: counting.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from backend.kit.delimited_text import read_delimited
from backend.kit.json_rows import read_json_rows
from backend.kit.tables import Table, TableCaps, UnreadableTable
from backend.kit.typed_columns import type_columns

_FENCE = re.compile(r"\s*```[\w-]*\n(.*?)\n?```\s*", re.DOTALL)


def read_table(text: str, *, wanted: list[str], caps: TableCaps) -> Table:
    """Read text into typed rows; `wanted` columns choose among the lists of a JSON document.

    Raises:
        UnreadableTable: with the position where the text stops making sense.
    """
    fenced = _FENCE.fullmatch(text)
    bare = (fenced[1] if fenced else text).lstrip("\ufeff").strip("\n\r")
    if not bare.strip():
        msg = "The data is empty."
        raise UnreadableTable(msg)
    if bare.lstrip()[0] in "[{":
        table = read_json_rows(_parse(bare.strip()), wanted=wanted, caps=caps)
    else:
        table = read_delimited(bare, caps=caps)
    type_columns(table)
    return table


def _parse(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and _is_whole(lines[0]):
            return [_line(number, line) for number, line in enumerate(lines, start=1)]
        near = text[max(exc.pos - 20, 0) : exc.pos + 20]
        msg = f"The JSON is broken at line {exc.lineno}, column {exc.colno} ({exc.msg}), near {near!r}."
        raise UnreadableTable(msg) from exc


def _is_whole(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _line(number: int, line: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        msg = f"Line {number} of the JSON lines is broken at column {exc.colno} ({exc.msg})."
        raise UnreadableTable(msg) from exc
