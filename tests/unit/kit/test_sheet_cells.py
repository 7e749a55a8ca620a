"""Cells of a spreadsheet as text."""

from __future__ import annotations

import datetime as dt

import pytest

from backend.kit.sheet_cells import cell_text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "true"),
        (3, "3"),
        (3.0, "3"),
        (-0.25, "-0.25"),
        (1e15, "1000000000000000.0"),
        (float("inf"), "inf"),
        (dt.datetime(2026, 3, 1), "2026-03-01"),  # noqa: DTZ001 - sheets know no zones
        (dt.datetime(2026, 3, 1, 9, 30), "2026-03-01 09:30:00"),  # noqa: DTZ001
        (dt.date(2026, 3, 1), "2026-03-01"),
        (dt.time(9, 30), "09:30:00"),
        (" two\nlines ", " two\nlines "),
    ],
)
def test_a_cell_is_written_as_people_see_it(cell, text):
    """A sheet keeps every number as a float and every day as a moment."""
    assert cell_text(cell) == text
