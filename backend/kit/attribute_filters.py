"""Filters over the attributes of files, as OpenAI's vector stores and `file_search` write them.

A comparison is `{"type": "eq", "key": "year", "value": 2024}`; `and` and `or` hold several in `filters`.
Not for: which files there are (`ports.vector_stores`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

MAX_DEPTH = 10
MAX_COMPARISONS = 200
MAX_VALUES = 1_000
Attributes = Mapping[str, object]
Condition = Callable[[Attributes], bool]
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
_JOINTS: Mapping[str, Callable[[Iterable[bool]], bool]] = {"and": all, "or": any}
_LISTS = ("in", "nin")
TYPES = ("eq", "ne", *_ORDERS, *_LISTS, *_JOINTS)
_ABSENT = object()
_ONE_OF = f"give one of {', '.join(TYPES)}"
_TOO_MANY = f"a filter has at most {MAX_COMPARISONS} comparisons"
_TOO_DEEP = f"filters are nested at most {MAX_DEPTH} deep"
_TOO_LONG = f"a list of values has at most {MAX_VALUES}"


class InvalidFilter(ValueError):
    """A filter that cannot be understood; `place` names where, such as `filters.filters[1].key`."""

    def __init__(self, reason: str, *, place: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place


def matches(filters: object, attributes: Attributes, *, place: str = "filters") -> bool:
    """Tell whether attributes fit a filter; None fits all.

    Raises:
        InvalidFilter: naming the place, below `place`.
    """
    return condition_of(filters, place=place)(attributes)


def condition_of(filters: object, *, place: str = "filters") -> Condition:
    """Read a filter once, to be asked about many files; None fits all.

    An attribute that is absent equals nothing: only `ne` and `nin` hold. Numbers, texts and truth
    values are never equal to one another, and have no order among one another.

    Raises:
        InvalidFilter: for anything else than a filter, over 10 levels or 200 comparisons.
    """
    if filters is None:
        return _anything
    return _Reader().read(filters, place, depth=1)


class _Reader:
    def __init__(self) -> None:
        self._comparisons = 0

    def read(self, given: object, place: str, *, depth: int) -> Condition:
        if not isinstance(given, dict):
            raise InvalidFilter("give an object with type, key and value", place=place)
        it = cast("dict[str, object]", given)
        kind = it.get("type")
        if not isinstance(kind, str) or kind not in TYPES:
            raise InvalidFilter(_ONE_OF, place=f"{place}.type")
        if kind in _JOINTS:
            return self._joint(kind, it.get("filters"), f"{place}.filters", depth=depth)
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise InvalidFilter(_TOO_MANY, place=place)
        key = it.get("key")
        if not isinstance(key, str) or not key:
            raise InvalidFilter("name an attribute", place=f"{place}.key")
        return _comparison(kind, key, it.get("value"), f"{place}.value")

    def _joint(self, kind: str, given: object, place: str, *, depth: int) -> Condition:
        if depth >= MAX_DEPTH:
            raise InvalidFilter(_TOO_DEEP, place=place)
        if not isinstance(given, list) or not given:
            raise InvalidFilter("give a list of filters, at least one", place=place)
        parts = [
            self.read(one, f"{place}[{at}]", depth=depth + 1)
            for at, one in enumerate(cast("list[object]", given))
        ]
        joined = _JOINTS[kind]
        return lambda attributes: joined(part(attributes) for part in parts)


def _comparison(kind: str, key: str, value: object, place: str) -> Condition:
    if kind in _LISTS:
        wanted = _values(value, place)
        return lambda attributes: (_typed(attributes.get(key, _ABSENT)) in wanted) == (kind == "in")
    if _class(value) is None:
        raise InvalidFilter("give a text, a number, true or false", place=place)
    if kind in _ORDERS:
        if isinstance(value, bool):
            raise InvalidFilter("what is compared by order is a text or a number", place=place)
        holds, sort = _ORDERS[kind], _class(value)

        def ordered(attributes: Attributes) -> bool:
            found = attributes.get(key, _ABSENT)
            return _class(found) is sort and holds(found, value)

        return ordered
    typed = _typed(value)
    return lambda attributes: (_typed(attributes.get(key, _ABSENT)) == typed) == (kind == "eq")


def _values(value: object, place: str) -> frozenset[tuple[type | None, object]]:
    if not isinstance(value, list):
        raise InvalidFilter("in and nin take a list of values", place=place)
    given = cast("list[object]", value)
    if len(given) > MAX_VALUES:
        raise InvalidFilter(_TOO_LONG, place=place)
    for at, one in enumerate(given):
        if _class(one) is None:
            raise InvalidFilter("give a text or a number", place=f"{place}[{at}]")
    return frozenset(_typed(one) for one in given)


def _typed(value: object) -> tuple[type | None, object]:
    """Give a value with its sort: in Python, True equals 1."""
    sort = _class(value)
    return (sort, value if sort is not None else None)


def _class(value: object) -> type | None:
    if isinstance(value, bool):
        return bool
    if isinstance(value, int | float):
        return float
    return str if isinstance(value, str) else None


def _anything(_: Attributes) -> bool:
    return True
