"""Words the chart a question asks for: its kind, and what stands on its axes.

Not for: drawing, which is the work of a tool.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from backend.kit.extraction.evidence import name_words
from backend.kit.extraction.pasted_tables import Column
from backend.kit.extraction.table_asks import CHART

_KINDS: Final = (
    ("scatter", r"scatter\w*|streudiagramm\w*|punktdiagramm\w*"),
    ("hist", r"histogram\w*|distribution|verteilung"),
    ("box", r"box ?-?(?:and ?-?whisker ?)?(?:plots?|charts?|diagram\w*)|boxplot\w*"),
    ("pie", r"pie|donut|doughnut|kreisdiagramm\w*|tortendiagramm\w*"),
    ("line", r"line|curve|over time|trend|time ?series|liniendiagramm\w*|verlauf"),
    ("bar", r"bars?|columns? chart|balken\w*|säulen\w*|bar ?chart"),
)  # fmt: skip
_PATTERNS: Final = tuple(
    (kind, re.compile(rf"\b(?:{said})\b", re.IGNORECASE)) for kind, said in _KINDS
)
_TIME = re.compile(
    r"date|day|week|month|quarter|year|time|hour|datum|tag|woche|monat|jahr", re.IGNORECASE
)
_AGAINST = re.compile(r"\b(?:against|versus|vs\.?|over|by|gegen|depending on)\b", re.IGNORECASE)


def chart_wanted(ask: str) -> bool:
    """Tell whether a question asks for a picture."""
    return CHART.search(ask) is not None


def is_time(column: Column) -> bool:
    """Tell whether a column is of dates or of a part of them, by its name."""
    return any(_TIME.fullmatch(word) for word in name_words(column.name))


def chart_kind(ask: str) -> str:
    """Name the kind of chart a question asks for, "" where it leaves that open."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(ask)), "")


def chart_arguments(
    ask: str, columns: Sequence[Column], named: Sequence[Column], asked: dict[str, Any]
) -> dict[str, Any]:
    """Give `chart`, `x` and `y` beside what is computed; `named` are the columns the question speaks of."""
    kind = chart_kind(ask)
    numeric = [one.name for one in named if one.numeric]
    groups: list[str] = asked.get("group_by", [])
    if kind in {"hist", "box"} or (not kind and not groups and len(named) == 1 and numeric):
        return _spread(kind or "hist", columns, numeric, groups)
    if kind == "scatter" or (not groups and len(numeric) == 2 and not _is_time(columns, numeric)):
        return _pair(ask, numeric, kind or "scatter")
    figures: list[str] = asked.get("aggregates", [])
    drawn = kind or ("line" if groups and _is_time(columns, groups[:1]) else "bar")
    made = {**asked, "chart": drawn}
    if groups and figures:
        made = {**made, "x": groups[0], "y": figures}
        timed = _is_time(columns, groups[:1]) and "sort_by" not in asked
        return {**made, "sort_by": groups[0]} if timed else made
    along = _along(drawn, columns, named)
    given = {"x": along} if along else {}
    return {"chart": drawn, **given, "y": numeric[:4] or _numbers(columns)}


def _numbers(columns: Sequence[Column]) -> list[str]:
    return [one.name for one in columns if one.numeric][:1]


def _along(kind: str, columns: Sequence[Column], named: Sequence[Column]) -> str:
    """Choose what stands along a chart where the question does not say it: dates for a line, else names."""
    texts = [one for one in (*named, *columns) if not one.numeric]
    timed = [one for one in (*named, *columns) if is_time(one)]
    chosen = timed[:1] if kind == "line" else texts[:1]
    return chosen[0].name if chosen else ""


def _spread(
    kind: str, columns: Sequence[Column], numeric: Sequence[str], groups: Sequence[str]
) -> dict[str, Any]:
    known = [one.name for one in columns if one.numeric]
    drawn = list(numeric or known)[:4]
    made: dict[str, Any] = {"chart": kind, "y": drawn}
    return {**made, "x": groups[0]} if groups and kind == "box" else made


def _pair(ask: str, numeric: Sequence[str], kind: str) -> dict[str, Any]:
    """Lay the first of two on y where the second is what it is plotted against, as is usual in speech."""
    if len(numeric) < 2:
        return {"chart": kind, "y": list(numeric)}
    first, second = sorted(numeric[:2], key=lambda name: _place(ask, name))
    x, y = (second, first) if _AGAINST.search(ask) else (first, second)
    return {"chart": kind, "x": x, "y": [y]}


def _place(ask: str, name: str) -> int:
    at = ask.casefold().find(" ".join(name_words(name)))
    return at if at >= 0 else ask.casefold().find(name_words(name)[0] if name_words(name) else name)


def _is_time(columns: Sequence[Column], names: Sequence[str]) -> bool:
    return any(is_time(one) for one in columns if one.name in names)
