"""Filters over attributes: what fits, and where a faulty one is faulty."""

from __future__ import annotations

from typing import Any

import pytest

from backend.kit.attribute_filters import InvalidFilter, condition_of, matches

YES = True
BOOK = {"year": 2024, "price": 9.5, "lang": "de", "sold": True}


def a(kind: str, key: str, value: Any) -> dict[str, Any]:
    """Write a comparison."""
    return {"type": kind, "key": key, "value": value}


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        (None, True),
        (a("eq", "year", 2024), True),
        (a("eq", "year", 2024.0), True),
        (a("eq", "year", "2024"), False),
        (a("eq", "sold", YES), True),
        (a("eq", "sold", 1), False),
        (a("ne", "lang", "en"), True),
        (a("ne", "lang", "de"), False),
        (a("gt", "year", 2023), True),
        (a("gt", "year", 2024), False),
        (a("gte", "year", 2024), True),
        (a("lt", "price", 10), True),
        (a("lte", "price", 9.4), False),
        (a("gt", "lang", "da"), True),
        (a("gt", "lang", 1), False),
        (a("gt", "sold", 0), False),
        (a("in", "lang", ["en", "de"]), True),
        (a("in", "year", []), False),
        (a("nin", "lang", ["en", "de"]), False),
        (a("eq", "absent", 1), False),
        (a("lt", "absent", 1), False),
        (a("in", "absent", ["x"]), False),
        (a("ne", "absent", 1), True),
        (a("nin", "absent", ["x"]), True),
        ({"type": "and", "filters": [a("eq", "year", 2024), a("eq", "lang", "de")]}, True),
        ({"type": "and", "filters": [a("eq", "year", 2024), a("eq", "lang", "en")]}, False),
        ({"type": "or", "filters": [a("eq", "year", 1), a("eq", "lang", "de")]}, True),
        ({"type": "or", "filters": [a("eq", "year", 1), a("eq", "lang", "en")]}, False),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "or", "filters": [a("eq", "lang", "en"), a("eq", "lang", "de")]},
                    a("gte", "year", 2020),
                ],
            },
            True,
        ),
    ],
)
def test_a_filter_fits_or_does_not(filters: Any, *, fits: bool) -> None:
    """Of another sort is never equal and has no order; absent equals nothing."""
    assert matches(filters, BOOK) is fits


@pytest.mark.parametrize(
    ("filters", "place"),
    [
        ("year > 2020", "filters"),
        ({}, "filters.type"),
        ({"type": ["eq"]}, "filters.type"),
        (a("like", "lang", "d"), "filters.type"),
        ({"type": "eq", "value": 1}, "filters.key"),
        (a("eq", "", 1), "filters.key"),
        (a("eq", "lang", None), "filters.value"),
        (a("eq", "lang", ["de"]), "filters.value"),
        (a("gt", "lang", YES), "filters.value"),
        (a("in", "lang", "de"), "filters.value"),
        (a("in", "lang", ["de", {}]), "filters.value[1]"),
        (a("in", "lang", ["x"] * 1001), "filters.value"),
        ({"type": "and"}, "filters.filters"),
        ({"type": "or", "filters": []}, "filters.filters"),
        ({"type": "and", "filters": [a("eq", "k", 1), 3]}, "filters.filters[1]"),
        ({"type": "and", "filters": [a("eq", "k", 1)] * 201}, "filters.filters[200]"),
    ],
)
def test_a_faulty_filter_is_refused_with_its_place(filters: Any, place: str) -> None:
    """So that the caller finds it."""
    with pytest.raises(InvalidFilter) as refused:
        condition_of(filters)
    assert refused.value.place == place


def test_filters_are_nested_ten_deep_at_most() -> None:
    """Whoever sends a thousand levels is told, not obeyed."""
    filters = a("eq", "year", 2024)
    for _ in range(9):
        filters = {"type": "and", "filters": [filters]}
    assert matches(filters, BOOK)
    for _ in range(1000):
        filters = {"type": "and", "filters": [filters]}
    with pytest.raises(InvalidFilter, match="10 deep"):
        condition_of(filters, place="tools[0].filters")
