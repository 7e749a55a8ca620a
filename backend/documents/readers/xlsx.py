"""Reads Excel workbooks: a heading per sheet, and a record per row that names its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source
from backend.documents.office import core_title, main_part, relations
from backend.documents.packed import Package, missing_note, open_package
from backend.documents.table_text import add_records
from backend.kit.sheet_cells import cell_text

KIND = "xlsx"
LABEL = "Excel (XLSX)"

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_NO_RESULT = re.compile(rb"(?:</f>|<f [^>]{0,200}/>)\s*(?:</c>|<v\s*/>|<v>\s*</v>)")
_NOT_CALCULATED = (
    "Some cells hold formulas without results; open the workbook in Excel and save it once."
)
_MOST_ROWS = 1_048_576  # what Excel can show
_PART_BYTES = 256 * 1024
_OVERLAP_BYTES = 300


def read(source: Source) -> Extracted:
    """Read every sheet with the values last calculated."""
    from openpyxl import load_workbook  # noqa: PLC0415 - lazy: document readers

    with open_package(source.path, source.limits) as package:
        title = core_title(package)
        uncalculated = any(_has_uncalculated(package, name) for name in package.names)
        missing = missing_note(package, _sheets(package), what="sheets")
    builder = TextBuilder(source.limits)
    tables: list[dict[str, Any]] = []
    with source.path.open("rb") as file:  # of a path, the name's ending would be judged
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # some programs write wrong ones
            rows = cast("Iterator[tuple[object, ...]]", sheet.iter_rows(values_only=True))
            rows = islice(rows, _MOST_ROWS)  # a row that says it is further down is not one
            table = add_records(builder, map(_row, rows), name=sheet.title, heading=sheet.title)
            tables.append(table.as_json())
    told = (_NOT_CALCULATED if uncalculated else "", missing)
    return builder.build(title=title, note=" ".join(filter(None, told)), details={"tables": tables})


def _sheets(package: Package) -> list[str]:
    """Name the parts of all sheets: those that are missing are left out without a word when it is loaded."""
    main = main_part(package, usual="xl/workbook.xml")
    return [one.target for one in relations(package, main) if one.type == "worksheet"]


def _has_uncalculated(package: Package, name: str) -> bool:
    """Tell whether a sheet has formulas without results, as programs other than Excel write them."""
    if _SHEET.fullmatch(name) is None:
        return False
    with package.stream(name) as stream:
        before = b""
        while part := stream.read(_PART_BYTES):
            if _NO_RESULT.search(before + part):
                return True
            before = part[-_OVERLAP_BYTES:]
    return False


def _row(row: tuple[object, ...]) -> list[str]:
    return [cell_text(cell) for cell in row]
