"""Words a question by month or year as SQL, where the table has only a date.

Not for: tables with a column for the period, which any tool groups by.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from backend.kit.extraction.data_questions import arguments_for
from backend.kit.extraction.pasted_tables import Column
from backend.kit.extraction.schema_read import TableShape

_BY = re.compile(
    r"\b(?:by|per|each|every|over|pro|je|nach)\s+(?:the\s+)?(?P<period>day|week|month|quarter|year|tag|woche|monat|quartal|jahr)s?\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:in|for|during|of|from|im jahr) ((?:19|20)\d\d)\b", re.IGNORECASE)
_PERIODS: Final = {"tag": "day", "woche": "week", "monat": "month", "quartal": "quarter", "jahr": "year"}  # fmt: skip
_SHOWN: Final = {
    "day": "strftime({0}, '%Y-%m-%d')",
    "week": "strftime({0}, '%G-W%V')",
    "month": "strftime({0}, '%Y-%m')",
    "quarter": "year({0}) || '-Q' || quarter({0})",
    "year": "strftime({0}, '%Y')",
}
_FIGURES: Final = {"sum": "sum", "mean": "avg", "median": "median", "min": "min", "max": "max", "std": "stddev_samp"}  # fmt: skip
_FIGURE = re.compile(r"(\w+)\((.+)\)")
_CONDITION = re.compile(r"(.+?) (==|>=|<=|>|<) (.+)")


def period_query(ask: str, table: TableShape, *, where: Sequence[str] = ()) -> str | None:
    """Write the query; None where no period is asked, or no column of dates is plain."""
    match = _BY.search(ask)
    dates = [one.name for one in table.columns if one.is_date]
    if match is None or len(dates) != 1 or not table.name:
        return None
    said = match["period"].casefold()
    period = _PERIODS.get(said, said)
    if any(said in one.name.casefold() for one in table.columns):
        return None
    asked = arguments_for(_BY.sub("", ask), [one for one in table.columns if not one.is_date])
    shown = _SHOWN[period].format(_quoted(dates[0]))
    figures = ", ".join(_figures(asked, ask, table.columns))
    kept = [match for one in where if (match := _CONDITION.fullmatch(one))]
    conditions = [_compared(*one.groups()) for one in kept]
    years = _YEAR.search(ask)
    conditions += [f"year({_quoted(dates[0])}) = {years[1]}"] if years else []
    limited = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    source = f"{_quoted(table.name)}{limited}"
    return f"SELECT {shown} AS {_quoted(said)}, {figures} FROM {source} GROUP BY 1 ORDER BY 1"  # noqa: S608 - every name and value is quoted


def _figures(asked: dict[str, Any], ask: str, columns: Sequence[Column]) -> list[str]:
    """Compute what is asked; without a figure the sum of the columns named, else a count."""
    named = [one.name for one in columns if one.numeric and one.name.casefold() in ask.casefold()]
    wanted: list[str] = asked.get("aggregates") or [f"sum({name})" for name in named] or ["count"]
    return [_figure(one) for one in wanted]


def _figure(label: str) -> str:
    match = _FIGURE.fullmatch(label)
    if match is None or match[1] not in _FIGURES:
        return 'count(*) AS "count"'
    return f"{_FIGURES[match[1]]}({_quoted(match[2])}) AS {_quoted(label)}"


def _compared(name: str, sign: str, value: str) -> str:
    bare = value.strip('"')
    shown = (
        value if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else "'" + bare.replace("'", "''") + "'"
    )
    return f"{_quoted(name)} {'=' if sign == '==' else sign} {shown}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
