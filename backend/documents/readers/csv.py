"""Reads CSV and TSV: each row becomes a record that names its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import Literal, Protocol

from backend.documents.building import TextBuilder
from backend.documents.decoding import read_text
from backend.documents.extracted import Extracted, Source, Unreadable
from backend.documents.table_text import add_records
from backend.kit.delimited_text import find_delimiter

KIND = "csv"
LABEL = "CSV or TSV"

_SAMPLE_CHARS = 20_000
_MOST_LINES_OF_ROW = 500


def read(source: Source) -> Extracted:
    """Find the delimiter and the header, and read every row."""
    text = read_text(source)
    sample = [line for line in text[:_SAMPLE_CHARS].splitlines() if line.strip()]
    delimiter = (find_delimiter(sample) if sample else None) or _usual(source.filename)
    csv.field_size_limit(max(len(text), 1))
    try:
        return _read(text, source, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL)
    except _NeverClosedError:
        return _read(text, source, delimiter=delimiter, quoting=csv.QUOTE_NONE)


class _NeverClosedError(Exception):
    """A quotation mark swallows the rest of the table."""


def _read(text: str, source: Source, *, delimiter: str, quoting: Literal[0, 3]) -> Extracted:
    builder = TextBuilder(source.limits)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    try:
        table = add_records(builder, _watched(rows), name=PurePath(source.filename).stem)
    except csv.Error as exc:
        msg = f"The table is broken at line {rows.line_num}."
        raise Unreadable(msg) from exc
    return builder.build(details={"tables": [table.as_json()]})


def _watched(rows: _Rows) -> Iterator[list[str]]:
    line = 0
    for row in rows:
        if rows.line_num - line > _MOST_LINES_OF_ROW:
            raise _NeverClosedError
        line = rows.line_num
        yield row


class _Rows(Protocol):
    """What is used of a CSV reader."""

    @property
    def line_num(self) -> int:
        """Count the lines read so far."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...


def _usual(filename: str) -> str:
    return "\t" if filename.lower().endswith((".tsv", ".tab")) else ","
