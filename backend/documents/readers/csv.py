"""Reads CSV and TSV: each row becomes a record that names its columns."""

from __future__ import annotations

import csv
import io
from pathlib import PurePath

from backend.documents.building import TextBuilder
from backend.documents.decoding import read_text
from backend.documents.extracted import Extracted, Source, Unreadable
from backend.documents.table_text import add_records
from backend.kit.delimited_text import find_delimiter

KIND = "csv"
LABEL = "CSV or TSV"

_SAMPLE_CHARS = 20_000


def read(source: Source) -> Extracted:
    """Find the delimiter and the header, and read every row."""
    text = read_text(source)
    sample = [line for line in text[:_SAMPLE_CHARS].splitlines() if line.strip()]
    delimiter = find_delimiter(sample) or _usual(source.filename)
    builder = TextBuilder(source.limits)
    csv.field_size_limit(max(len(text), 1))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        table = add_records(builder, rows, name=PurePath(source.filename).stem)
    except csv.Error as exc:
        msg = f"The table is broken at line {rows.line_num}: {exc}."
        raise Unreadable(msg) from exc
    return builder.build(details={"tables": [table.as_json()]})


def _usual(filename: str) -> str:
    return "\t" if filename.lower().endswith((".tsv", ".tab")) else ","
