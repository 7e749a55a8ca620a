"""The JSON Schema validator with a budget, and with the keywords that would cost too much rewritten.

Imports `jsonschema` (10 MiB): only `schema_check` may import this module, and only when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, cast

import orjson
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.exceptions import best_match as _best_match  # pyright: ignore[reportUnknownVariableType]
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from backend.kit.linear_patterns import matches

MAX_STEPS: Final = 100_000
Errors = Iterator[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], Any]
_best: Callable[[Errors], ValidationError | None] = cast("Any", _best_match)
_left: ContextVar[list[int]] = ContextVar("left")


class Unending(Exception):
    """The schema refers to itself without end, to what is not there, or takes too much work."""


def fault_of_schema(schema: Mapping[str, Any]) -> str | None:
    """Say what makes a schema invalid."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as exc:
        return f"{exc.json_path}: {exc.message}"
    return None


def validator(schema: Mapping[str, Any]) -> Validator:
    """Make the validator of a schema; nothing is ever fetched."""
    registry: Registry[Any] = Registry()  # the default one fetches over HTTP
    return _Bounded(schema, registry=registry)


def first_fault(made: Validator, value: object) -> str | None:
    """Say what is most wrong with a value.

    Raises:
        Unending: when that cannot be told within the budget of steps.
    """
    _left.set([MAX_STEPS])
    try:
        found = _best(made.iter_errors(cast("Any", value)))
    except (RecursionError, Unresolvable) as exc:
        raise Unending from exc
    return None if found is None else f"{found.json_path}: {found.message}"


def _counted(keyword: Keyword) -> Keyword:
    def check(made: Any, wanted: Any, value: Any, schema: Any) -> Any:  # noqa: ANN401 - any JSON
        left = _left.get()
        left[0] -= 1 + (len(cast("list[Any]", wanted)) if isinstance(wanted, list) else 0)
        if left[0] < 0:
            raise Unending
        return keyword(made, wanted, value, schema)

    return check


def _pattern(_: Any, wanted: str, value: object, __: Any) -> Errors:  # noqa: ANN401 - any JSON
    if isinstance(value, str) and not matches(wanted, value):
        yield ValidationError(f"{value!r} does not match {wanted!r}")


def _pattern_properties(made: Any, wanted: dict[str, Any], value: Any, _: Any) -> Errors:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        return
    for pattern, schema in wanted.items():
        for key, one in cast("dict[str, Any]", value).items():
            if matches(pattern, key):
                yield from made.descend(one, schema, path=key, schema_path=pattern)


def _additional_properties(made: Any, wanted: Any, value: Any, schema: dict[str, Any]) -> Errors:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        return
    known: dict[str, Any] = schema.get("properties", {})
    patterns: dict[str, Any] = schema.get("patternProperties", {})
    for key, one in cast("dict[str, Any]", value).items():
        if key in known or any(matches(pattern, key) for pattern in patterns):
            continue
        if wanted is False:
            yield ValidationError(f"the property {key!r} is not allowed")
        else:
            yield from made.descend(one, wanted, path=key)


def _unique_items(_: Any, wanted: bool, value: Any, __: Any) -> Errors:  # noqa: ANN401, FBT001 - any JSON
    if not wanted or not isinstance(value, list):
        return
    items = cast("list[Any]", value)
    packed = {orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in items}
    if len(packed) < len(items):
        yield ValidationError("its items are not unique")


_OWN: dict[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_ALL: Any = {**Draft202012Validator.VALIDATORS, **_OWN}
_Bounded: Any = cast("Any", validators.extend)(
    Draft202012Validator, {name: _counted(keyword) for name, keyword in _ALL.items()}
)
