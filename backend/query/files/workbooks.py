"""Reads Excel workbooks: every sheet is written down as CSV and then read like any other."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from openpyxl import load_workbook

from backend.kit.sheet_cells import cell_text
from backend.ports.query import QueryFailed
from backend.query.files.delimited import table_of_text
from backend.query.files.sources import Given, Source, Workshop

_MAX_PARTS = 50_000
_MOST_ROWS = 1_048_576
_MOST_SHEETS = 100
_SAMPLE_CHARS = 256 * 1024


def workbook(given: Given, shop: Workshop) -> list[Source]:
    """Give the sheets that hold anything; raise QueryFailed when there are none."""
    _bounded(given, shop)
    try:
        sheets = list(_sheets(given, shop))
    except (QueryFailed, MemoryError):
        raise
    except Exception as exc:  # the edge to a library that reads strangers' files
        msg = f"{given.name} cannot be read as an Excel workbook."
        raise QueryFailed(msg) from exc
    found = [one for one in sheets if one is not None]
    if not found:
        msg = f"{given.name} has no sheet with anything in it."
        raise QueryFailed(msg)
    return found if len(sheets) > 1 else [replace(found[0], part="")]


def _sheets(given: Given, shop: Workshop) -> Iterator[Source | None]:
    with given.path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets[:_MOST_SHEETS]:
            sheet.reset_dimensions()  # some programs write wrong ones
            rows = cast("Iterator[tuple[object, ...]]", sheet.iter_rows(values_only=True))
            yield _sheet(itertools.islice(rows, _MOST_ROWS), sheet.title, shop)


def _bounded(given: Given, shop: Workshop) -> None:
    try:
        with zipfile.ZipFile(given.path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        msg = f"{given.name} is damaged: it cannot be unpacked."
        raise QueryFailed(msg) from exc
    if len(entries) > _MAX_PARTS or sum(one.file_size for one in entries) > shop.left_bytes:
        msg = f"{given.name} is larger, once unpacked, than this server queries."
        raise QueryFailed(msg)


def _sheet(rows: Iterator[tuple[object, ...]], title: str, shop: Workshop) -> Source | None:
    path = shop.new_file(".csv")
    sample, empty = io.StringIO(), True
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            cells = [_text(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if not cells:
                continue
            empty = False
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(cells)
            shop.spend(len(line.getvalue()))
            file.write(line.getvalue())
            if sample.tell() < _SAMPLE_CHARS:
                sample.write(line.getvalue())
    if empty:
        return None
    return table_of_text(path, sample.getvalue(), delimiter=",", part=title)


def _text(cell: object) -> str:
    """Write a cell on one line; text without the spaces around it."""
    text = cell_text(cell)
    if isinstance(cell, str):
        text = text.replace("\r", " ").replace("\n", " ").replace("\0", "").strip()
    return text
