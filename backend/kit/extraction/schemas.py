"""Reads JSON schemas as far as filling one needs: references, alternatives, bounds.

Not for: full validation, which is the caller's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

Schema = Mapping[str, Any]
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_MAX_HOPS: Final = 20


class Missing:
    """Nothing was found; told apart from null."""


MISSING: Final = Missing()


def as_schema(value: object) -> Schema:
    """Give a schema object; `true`, `false` and other things become the empty schema."""
    return cast(Schema, value) if isinstance(value, Mapping) else {}


def listed(value: object) -> list[Any]:
    """Give a list as it is and anything else as no items."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def resolved(schema: object, root: Schema, *, depth: int = 0) -> Schema:
    """Follow `$ref` and merge `allOf`, a bounded number of times."""
    found = as_schema(schema)
    for _ in range(_MAX_HOPS):
        reference = found.get("$ref")
        if not isinstance(reference, str):
            break
        rest = {key: value for key, value in found.items() if key != "$ref"}
        found = {**_pointed(reference, root), **rest}
    for piece in listed(found.get("allOf"))[:_MAX_HOPS]:
        if depth < 4:
            found = _merged(found, resolved(piece, root, depth=depth + 1))
    return found


def _pointed(reference: str, root: Schema) -> Schema:
    at: object = root
    for key in reference.removeprefix("#").strip("/").split("/"):
        if key:
            at = as_schema(at).get(key.replace("~1", "/").replace("~0", "~"))
    return as_schema(at)


def _merged(one: Schema, two: Schema) -> Schema:
    both = {**two, **one}
    both["properties"] = {**properties(two), **properties(one)}
    both["required"] = [*required(two), *required(one)]
    return both


def alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """List the branches of `anyOf`/`oneOf` with what stands beside them; without them, the schema."""
    branches = listed(schema.get("anyOf")) or listed(schema.get("oneOf"))
    if not branches:
        return [schema]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
    return [{**rest, **resolved(branch, root)} for branch in branches[:40]]


def plain(schema: object, root: Schema) -> Schema:
    """Resolve a schema and take its first branch that is not null."""
    branches = alternatives(resolved(schema, root), root)
    kept = [branch for branch in branches if type_of(branch) != "null"]
    return kept[0] if kept else branches[0]


def properties(schema: Schema) -> dict[str, Any]:
    """Give the properties of an object schema by name."""
    return dict(as_schema(schema.get("properties")))


def required(schema: Schema) -> list[str]:
    """List the names of the properties that must be there."""
    return [name for name in listed(schema.get("required")) if isinstance(name, str)]


def choices(schema: Schema) -> list[Any]:
    """List the only values allowed, if the schema names them."""
    return [schema["const"]] if "const" in schema else listed(schema.get("enum"))


def type_of(schema: Schema) -> str:
    """Name the type a schema wants, guessing from its other words; "" when anything goes."""
    named = schema.get("type")
    if isinstance(named, list):
        kinds = [kind for kind in cast("list[object]", named) if kind != "null"]
        named = kinds[0] if kinds else "null"
    if isinstance(named, str):
        return named
    if "properties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return ""


def is_nullable(schema: Schema, root: Schema) -> bool:
    """Tell whether null is allowed."""
    named = schema.get("type")
    if isinstance(named, list) and "null" in named:
        return True
    return any(type_of(branch) == "null" for branch in alternatives(schema, root))


def allows(value: object, schema: Schema) -> bool:
    """Tell whether a scalar keeps a schema's type, choices, pattern and bounds."""
    wanted = _TYPES.get(type_of(schema))
    if wanted and (
        not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)
    ):
        return False
    only = choices(schema)
    if only and value not in only:
        return False
    if isinstance(value, str):
        return _string_fits(value, schema)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_fits(value, schema)
    return True


def _string_fits(value: str, schema: Schema) -> bool:
    if len(value) < _whole(schema.get("minLength"), 0):
        return False
    if len(value) > _whole(schema.get("maxLength"), len(value)):
        return False
    return _matches(schema.get("pattern"), value)


def _matches(pattern: object, value: str) -> bool:
    """A pattern is tried on short values only, so that a hostile one cannot take long."""
    if not isinstance(pattern, str):
        return True
    nested = re.search(r"[+*}]\)?[+*{]|\([^)]*[+*][^)]*\)[+*{]", pattern)
    if len(pattern) > 200 or nested:
        return False
    try:
        return re.search(pattern, value[:64]) is not None
    except re.error:
        return True


def _number_fits(value: float, schema: Schema) -> bool:
    step = _limit(schema, "multipleOf", 0.0)
    return (
        _limit(schema, "minimum", -math.inf) <= value <= _limit(schema, "maximum", math.inf)
        and value > _limit(schema, "exclusiveMinimum", -math.inf)
        and value < _limit(schema, "exclusiveMaximum", math.inf)
        and (step <= 0 or abs(value / step - round(value / step)) < 1e-9)
    )


def _limit(schema: Schema, name: str, otherwise: float) -> float:
    value: object = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def bound(schema: Schema, name: str, otherwise: int) -> int:
    """Give a whole-number bound such as `minItems`."""
    return _whole(schema.get(name), otherwise)


def first_that_fits(values: Iterable[object], schema: Schema) -> object:
    """Give the first value a schema allows, or MISSING."""
    return next((value for value in values if allows(value, schema)), MISSING)
