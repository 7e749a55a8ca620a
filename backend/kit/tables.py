"""The shape that text, JSON and plain numbers are read into before anything is counted.

Not for: reading (`delimited_text`, `json_rows`) or counting (`column_stats`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

Cell = str | Decimal | bool | None
Row = dict[str, list[Cell]]


class TableError(ValueError):
    """The data or a question about it cannot be understood; the message says where and why."""


class UnreadableTable(TableError):
    """The data itself cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCaps:
    """Hard bounds of what is read."""

    max_rows: int = 100_000
    max_cells: int = 1_000_000
    max_depth: int = 60


@dataclass(slots=True, kw_only=True)
class Table:
    """Rows of named cells; a path through a list (`tags[]`) holds several cells per row.

    `notes` tell the reader what was assumed while reading. `decimal_comma` is what the file itself
    suggests for "1,234": True for decimals, False for thousands, None when it says nothing.
    """

    format: str
    columns: list[str]
    rows: list[Row]
    notes: list[str] = field(default_factory=list[str])
    decimal_comma: bool | None = None

    def cells(self, column: str) -> list[Cell]:
        """List a column's cells over all rows."""
        return [cell for row in self.rows for cell in row.get(column, [])]


def find_column(name: str, columns: list[str]) -> str:
    """Find a column by its name, in any case, without `[]`, or by the end of its path.

    Raises:
        TableError: when none or several fit; the message lists the columns.
    """
    if name in columns:
        return name
    wanted = name.strip().strip("`\"'")
    if wanted in columns:
        return wanted
    bare = _bare(wanted)
    same = [column for column in columns if _bare(column) == bare]
    found = same or [column for column in columns if _bare(column).endswith(f".{bare}")]
    if len(found) == 1:
        return found[0]
    if found:
        msg = f'"{wanted}" could be {" or ".join(found[:5])}; give the whole path.'
        raise TableError(msg)
    shown = ", ".join(column[:80] for column in columns[:30]) + (
        " ..." if len(columns) > 30 else ""
    )
    msg = f'There is no column "{wanted}". Columns: {shown}.'
    raise TableError(msg)


def _bare(path: str) -> str:
    return path.casefold().replace("[]", "").removeprefix("$").lstrip(".")
