"""Write the value of a spreadsheet's cell as people see it: whole numbers and whole days without more."""

from __future__ import annotations

import datetime as dt

_EXACT_BELOW = 1e15  # above, a float no longer holds every whole number


def cell_text(cell: object) -> str:
    """Give a cell's text; nothing for an empty one, ISO for dates, as typed for everything else."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < _EXACT_BELOW
        return str(int(cell)) if whole else repr(cell)
    if isinstance(cell, dt.datetime):
        whole_day = cell.time() == dt.time()
        return cell.date().isoformat() if whole_day else cell.isoformat(" ", "seconds")
    return str(cell)
