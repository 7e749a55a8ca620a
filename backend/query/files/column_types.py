"""Finds the type of every column of a text table: numbers, dates, booleans, or text as it stands.

A sample suggests how a column is written ("1.234,50 €", "31.12.2024"); one pass over all rows then
proves it. What does not fit the type of its column becomes NULL and is told as a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from duckdb import DuckDBPyConnection

from backend.kit.number_text import MISSING_WORDS, Written, decimal_mark, read_column, written
from backend.kit.table_names import literal, quoted

_SAMPLE_ROWS = 3_000
_MOSTLY = 0.9
_LEAST_SHARE = 0.5
_MAX_SCALE = 9
_MAX_DIGITS = 18
_MAX_WIDE_DIGITS = 38
_COLUMNS_AT_ONCE = 200
_ISO_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?")
_POINT_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.\d{4}")
_SLASH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}")
_BOOLEANS = frozenset({"true", "false"})
_MONTHS = 12
_MISSING = ", ".join(literal(word) for word in sorted(MISSING_WORDS))
_UNITS = r"[$€£¥₹₽₩₺₴%]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|AUD|CAD|NZD|BRL|ZAR"
_SPACES = "['’ \u00a0\u202f]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """How a column seems to be written: `cleaned` is its text as SQL makes it plain.

    `kind` is `number`, a DuckDB type, or empty for text.
    """

    kind: str = ""
    cleaned: str = ""
    tried: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedColumn:
    """A column of a table as it is queried: `sql` makes it from the text column of the same name."""

    name: str
    sql: str
    notes: tuple[str, ...] = ()


def typed_columns(
    connection: DuckDBPyConnection,
    relation: str,
    names: Sequence[str],
    *,
    weak_comma: bool | None,
) -> tuple[list[TypedColumn], int]:
    """Type every column of a relation whose columns are all text; also count its rows."""
    sampled = _sample(connection, relation, names)
    marks = set[str]().union(*(decimal_mark(texts) for texts in sampled))
    hint = (marks == {"comma"}) if len(marks) == 1 else None
    guesses = [
        _guess(name, texts, hint=hint, weak_comma=weak_comma)
        for name, texts in zip(names, sampled, strict=True)
    ]
    typed: list[TypedColumn] = []
    rows = 0
    for at in range(0, len(names), _COLUMNS_AT_ONCE):
        part = slice(at, at + _COLUMNS_AT_ONCE)
        found, rows = _proven(connection, relation, names[part], guesses[part])
        typed += found
    return typed, rows


def _sample(
    connection: DuckDBPyConnection, relation: str, names: Sequence[str]
) -> list[dict[str, int]]:
    """Collect the different texts of each column among the first rows, with how often they come."""
    columns = ", ".join(quoted(name) for name in names)
    rows = connection.execute(f"SELECT {columns} FROM {relation} LIMIT {_SAMPLE_ROWS}").fetchall()
    found: list[dict[str, int]] = [{} for _ in names]
    for row in cast("list[tuple[str | None, ...]]", rows):
        for texts, cell in zip(found, row, strict=True):
            text = (cell or "").strip()
            if text.casefold() not in MISSING_WORDS:
                texts[text] = texts.get(text, 0) + 1
    return found


def _guess(
    name: str, texts: dict[str, int], *, hint: bool | None, weak_comma: bool | None
) -> Guess:
    if not texts:
        return Guess()
    column = f"trim({quoted(name)})"
    total = sum(texts.values())
    if {text.casefold() for text in texts} <= _BOOLEANS:
        return Guess(kind="BOOLEAN", cleaned=column, tried=f"try_cast({column} AS BOOLEAN)")
    if day := _day(column, texts, european=bool(hint or weak_comma)):
        return day
    read = read_column(texts, hint=hint, weak_hint=weak_comma)
    numeric = sum(texts[text] for text in read.values)
    if not read.values or numeric < _LEAST_SHARE * total:
        return Guess(notes=read.notes if not read.values else ())
    shapes = [shape for text in read.values if (shape := written(text)) is not None]
    comma = "decimal comma" in read.notes or (
        hint is True and not any(one.mark in {"dot", "dot?"} for one in shapes)
    )
    plain = _plain_number(column, texts, shapes, comma=comma)
    return Guess(kind="number", cleaned=plain, notes=read.notes)


def _plain_number(
    column: str, texts: dict[str, int], shapes: Sequence[Written], *, comma: bool
) -> str:
    """Write the SQL that brings a number as people write it into the form `-1234.5`."""
    found = column
    if any(text.startswith("(") for text in texts):
        found = f"regexp_replace({found}, '^\\((.*)\\)$', '-\\1')"
    if any(one.unit for one in shapes):
        found = f"trim(regexp_replace({found}, {literal(_UNITS)}, '', 'g'))"
    if any(re.search(_SPACES, text) for text in texts):
        found = f"regexp_replace({found}, {literal(_SPACES)}, '', 'g')"
    if any("\u2212" in text for text in texts):
        found = f"replace({found}, '\u2212', '-')"
    group, point = (".", ",") if comma else (",", ".")
    if any(group in one.body for one in shapes):
        shape = rf"[+-]?\d{{1,3}}(\{group}\d{{2,3}})*(\{point}\d*)?|[+-]?\d+(\{point}\d*)?"
        fits = f"regexp_full_match({found}, {literal(shape)})"
        found = f"CASE WHEN {fits} THEN replace({found}, '{group}', '') END"
    return f"replace({found}, ',', '.')" if comma else found


def _day(column: str, texts: dict[str, int], *, european: bool) -> Guess | None:
    """Recognise dates and moments."""
    if _all(_ISO_DAY, texts):
        return Guess(kind="DATE", cleaned=column, tried=f"try_cast({column} AS DATE)")
    if _all(_ISO_MOMENT, texts) or (
        all(_ISO_DAY.fullmatch(text) or _ISO_MOMENT.fullmatch(text) for text in texts)
    ):
        zoned = any(re.search(r"(Z|[+-]\d\d(:?\d\d)?)$", text[10:]) for text in texts)
        kind = "TIMESTAMPTZ" if zoned else "TIMESTAMP"
        return Guess(kind=kind, cleaned=column, tried=f"try_cast({column} AS {kind})")
    for shape, sign in ((_POINT_DAY, "."), (_SLASH_DAY, "/")):
        if _all(shape, texts):
            return _written_day(column, shape, texts, sign, day_first=sign == "." or european)
    return None


def _written_day(
    column: str, shape: re.Pattern[str], texts: dict[str, int], sign: str, *, day_first: bool
) -> Guess | None:
    parts = [(int(found[1]), int(found[2])) for text in texts if (found := shape.fullmatch(text))]
    first, second = max(one for one, _ in parts), max(two for _, two in parts)
    notes: tuple[str, ...] = ()
    if first > _MONTHS and second > _MONTHS:
        return None
    if first > _MONTHS or second > _MONTHS:
        day_first = first > _MONTHS
    elif sign == "/":
        order = "day/month/year" if day_first else "month/day/year"
        notes = (f"dates are read as {order}, which nothing in the file proves",)
    layout = f"%d{sign}%m{sign}%Y" if day_first else f"%m{sign}%d{sign}%Y"
    tried = f"try_cast(try_strptime({column}, '{layout}') AS DATE)"
    return Guess(kind="DATE", cleaned=column, tried=tried, notes=notes)


def _all(shape: re.Pattern[str], texts: dict[str, int]) -> bool:
    return all(shape.fullmatch(text) for text in texts)


def _proven(
    connection: DuckDBPyConnection, relation: str, names: Sequence[str], guesses: Sequence[Guess]
) -> tuple[list[TypedColumn], int]:
    """Look at every row once: how many values fit, and how many digits numbers have."""
    asked = ["count(*)"]
    for name, guess in zip(names, guesses, strict=True):
        asked += _figures(name, guess)
    row = connection.execute(f"SELECT {', '.join(asked)} FROM {relation}").fetchone()
    found = list(cast("tuple[Any, ...]", row))
    rows = int(found.pop(0))
    typed: list[TypedColumn] = []
    for name, guess in zip(names, guesses, strict=True):
        many = len(_figures(name, guess))
        figures, found = found[:many], found[many:]
        typed.append(_decided(name, guess, figures))
    return typed, rows


def _figures(name: str, guess: Guess) -> list[str]:
    if not guess.kind:
        return []
    text, wrong = quoted(name), _is_wrong(name, guess)
    common = [
        f"count({text})",
        f"count(*) FILTER ({wrong})",
        f"any_value({text}) FILTER ({wrong})",
    ]
    if guess.kind != "number":
        return common
    clean = f"({guess.cleaned})"
    fits = f"FILTER ({_number(guess.cleaned, 'DOUBLE')} IS NOT NULL)"
    return [
        *common,
        f"coalesce(max(CASE WHEN contains({clean}, '.') "
        f"THEN length({clean}) - strpos({clean}, '.') END) {fits}, 0)",
        f"coalesce(max(length(ltrim(split_part({clean}, '.', 1), '+-'))) {fits}, 0)",
        f"coalesce(bool_or(contains(lower({clean}), 'e')) {fits}, false)",
    ]


def _is_wrong(name: str, guess: Guess) -> str:
    """Tell a value that is there and does not fit; `007` is an id, no number."""
    tried = guess.tried or _number(guess.cleaned, "DOUBLE")
    present = f"lower(trim({quoted(name)})) NOT IN ({_MISSING})"
    return f"{quoted(name)} IS NOT NULL AND {tried} IS NULL AND {present}"


def _number(cleaned: str, kind: str) -> str:
    clean = f"({cleaned})"
    padded = f"regexp_matches({clean}, '^[+-]?0\\d')"
    made = f"try_cast({clean} AS {kind})"
    finite = f"isfinite(try_cast({clean} AS DOUBLE))"
    return f"CASE WHEN NOT {padded} AND {finite} THEN {made} END"


def _decided(name: str, guess: Guess, figures: Sequence[Any]) -> TypedColumn:
    text = f"nullif({quoted(name)}, '')"
    if not guess.kind:
        return TypedColumn(name=name, sql=text, notes=guess.notes)
    present, wrong, example = int(figures[0]), int(figures[1]), figures[2]
    if not present or wrong > (1 - _MOSTLY) * present:
        shown = f"left as text: {wrong} values such as {str(example)[:40]!r} do not fit the others"
        return TypedColumn(name=name, sql=text, notes=(shown,) if present else ())
    notes = list(guess.notes)
    if wrong:
        notes.append(f"{wrong} values that do not fit, such as {str(example)[:40]!r}, are NULL")
    if guess.kind != "number":
        return TypedColumn(name=name, sql=guess.tried, notes=tuple(notes))
    kind = _number_type(int(figures[3]), int(figures[4]), powers=bool(figures[5]))
    return TypedColumn(name=name, sql=_number(guess.cleaned, kind), notes=tuple(notes))


def _number_type(scale: int, digits: int, *, powers: bool) -> str:
    """Choose a type that holds what is written exactly, where there is one."""
    if powers or scale > _MAX_SCALE or scale + digits > _MAX_WIDE_DIGITS:
        return "DOUBLE"
    if not scale:
        return "BIGINT" if digits <= _MAX_DIGITS else f"DECIMAL({_MAX_WIDE_DIGITS},0)"
    width = _MAX_DIGITS if scale + digits <= _MAX_DIGITS else _MAX_WIDE_DIGITS
    return f"DECIMAL({width},{scale})"
