"""Finds out how a CSV or TSV file is written: encoding, delimiter, header, lines above it.

The file itself is read by DuckDB, all columns as text; types come later (`column_types`).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from backend.kit.delimited_text import find_delimiter, is_header, unique_names
from backend.kit.plain_text import one_line
from backend.kit.table_names import literal
from backend.ports.query import QueryFailed
from backend.query.files.sources import Given, Source, Workshop

_SAMPLE_BYTES = 256 * 1024
_PART_BYTES = 1024 * 1024
_GUESSED_BYTES = 64 * 1024
_LOOK_AHEAD = 30
_MAX_COLUMNS = 5_000
_MAX_NAME_CHARS = 200
_MAX_LINE_BYTES = 16 * 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8 = "utf-8"
_LENIENT = "null_padding=true, strict_mode=false, parallel=false"


def delimited(given: Given, shop: Workshop) -> list[Source]:
    """Give the one table of a CSV or TSV file; raise QueryFailed when it has none."""
    path, encoding = as_utf8(given.path, shop)
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES).decode(_UTF8, "replace").removeprefix("\ufeff")
    if not sample.strip():
        msg = f"{given.name} is empty."
        raise QueryFailed(msg)
    usual = "\t" if given.kind == "tsv" else ","
    source = table_of_text(path, sample, usual=usual)
    if encoding == _UTF8:
        return [source]
    note = f"the file is not UTF-8; it was read as {encoding}"
    return [
        Source(
            relations=source.relations,
            texts=source.texts,
            weak_comma=source.weak_comma,
            size_bytes=source.size_bytes,
            notes=(note, *source.notes),
        )
    ]


def table_of_text(
    path: Path, sample: str, *, delimiter: str | None = None, usual: str = ",", part: str = ""
) -> Source:
    """Judge by a sample of the text how the file is to be read; `delimiter` is one that is sure."""
    lines = [line for line in sample.splitlines() if line.strip()]
    delimiter = delimiter or find_delimiter(lines) or usual
    rows = _rows(sample, delimiter)
    skipped = _captions(rows)
    body = [cells for _, cells in rows[skipped:]]
    headed = is_header(body[0], body[1:]) or (len(body) == 1 and skipped == 0)
    width = max(map(len, body)) if body else 1
    if width > _MAX_COLUMNS:
        msg = f"The table has more than {_MAX_COLUMNS} columns."
        raise QueryFailed(msg)
    notes: list[str] = []
    if headed:
        first = [one_line(cell, max_chars=_MAX_NAME_CHARS) for cell in body[0]]
        names = distinct_names([*first, *[""] * (width - len(first))])
        if any(not cell for cell in first) or len(set(map(str.casefold, first))) < len(first):
            notes.append("columns without a name, or with the same name as another, are numbered")
    else:
        names = [f"column_{n}" for n in range(1, width + 1)]
        notes.append("no header row was found; columns are numbered")
    if skipped:
        notes.append(f"{skipped} lines above the header were left out")
    skip = rows[skipped][0]
    options = _options(names, delimiter, header=headed, skip=skip)
    read = f"read_csv({literal(str(path))}, {options}"
    return Source(
        part=part,
        relations=(
            f"{read}, quote='\"', escape='\"')",
            f"{read}, quote='\"', escape='\"', {_LENIENT})",
            f"{read}, quote='', escape='', {_LENIENT})",
        ),
        texts=tuple(names),
        weak_comma={";": True, ",": False}.get(delimiter),
        size_bytes=path.stat().st_size,
        notes=tuple(notes),
    )


def distinct_names(names: list[str]) -> list[str]:
    """Number empty names and those that SQL, which ignores case, would take for equal."""
    taken: set[str] = set()
    found: list[str] = []
    for name in unique_names(names):
        number, tried = 2, name
        while tried.casefold() in taken:
            tried = f"{name}_{number}"
            number += 1
        taken.add(tried.casefold())
        found.append(tried)
    return found


def as_utf8(path: Path, shop: Workshop) -> tuple[Path, str]:
    """Give the file, or a copy of it in UTF-8, and the encoding it is in."""
    encoding = _encoding(path)
    if encoding == _UTF8:
        return path, encoding
    copy = shop.new_file(".txt")
    reader = codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as given, copy.open("wb") as made:
        while part := given.read(_PART_BYTES):
            written = reader.decode(part).replace("\0", "").encode(_UTF8, "replace")
            shop.spend(len(written))
            made.write(written)
    return copy, encoding


def _encoding(path: Path) -> str:
    """Tell by the mark at the beginning, else whether all of it is UTF-8, else by its look."""
    decoder = codecs.getincrementaldecoder(_UTF8)()
    with path.open("rb") as file:
        head = file.read(_GUESSED_BYTES)
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), "")
        if marked and marked != _UTF8:
            return marked.rpartition("-")[0]
        if not marked and head.count(0) > len(head) // 8:
            return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
        part = head
        try:
            while part:
                decoder.decode(part)
                part = file.read(_PART_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _guessed(part)
    return _UTF8


def _guessed(part: bytes) -> str:
    """Judge from where the first bytes stand that are not UTF-8."""
    first = next((at for at, byte in enumerate(part) if byte > 0x7F), 0)
    sample = part[max(0, first - 256) : first + _GUESSED_BYTES]
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    special = [char for char in text if char > "\x7f"]
    if special and sum(map(str.isalpha, special)) * 2 >= len(special) and _western(special):
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - lazy: only such files need it

    best = from_bytes(sample, enable_fallback=False).best()
    return best.encoding if best is not None else "cp1252"


def _western(special: Sequence[str]) -> bool:
    usual = set("äöüßÄÖÜéèêëÉÈÊàâçÀÂÇîïôœùûñÑáíóúÁÍÓÚãõìòåæøÅÆØ€–—„“”‘’…•°§«»·®²½\xa0")
    return sum(char in usual for char in special) * 10 >= len(special) * 9


def _rows(sample: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Read the first rows, each with how many lines stand before it."""
    csv.field_size_limit(_MAX_LINE_BYTES)
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        before = 0
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((before, cells))
            if len(rows) > _LOOK_AHEAD:
                break
            before = reader.line_num
    except csv.Error:
        pass
    return rows or [(0, sample.split("\n", 1)[0].split(delimiter))]


def _captions(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """Count the rows above the table: a single filled cell where most below have several."""
    count = 0
    while len(rows) - count > 1:
        filled = [sum(bool(cell.strip()) for cell in cells) for _, cells in rows[count:]]
        below = filled[1:]
        if filled[0] > 1 or sum(one > 1 for one in below) * 2 <= len(below):
            break
        count += 1
    return count


def _options(names: Sequence[str], delimiter: str, *, header: bool, skip: int) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"auto_detect=false, columns={{{columns}}}, header={str(header).lower()}, skip={skip}, "
        f"delim={literal(delimiter)}, max_line_size={_MAX_LINE_BYTES}, encoding='utf-8'"
    )
