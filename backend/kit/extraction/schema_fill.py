"""Makes an instance of any JSON schema, filled from a text where the text has the value.

What the text does not have is left out, or stands as the least value the schema allows.
Bounded in depth and size; not for schemas that no instance can satisfy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from backend.kit.extraction.entities import names, numbers
from backend.kit.extraction.evidence import Evidence, name_words
from backend.kit.extraction.passages import sentences
from backend.kit.extraction.picking import pick
from backend.kit.extraction.schemas import (
    MISSING,
    Missing,
    Schema,
    allows,
    alternatives,
    as_schema,
    bound,
    choices,
    first_that_fits,
    is_nullable,
    listed,
    properties,
    required,
    resolved,
    type_of,
)

_MAX_DEPTH: Final = 8
_MAX_NODES: Final = 400
_FORMATS: Final = {
    "date": "1970-01-01",
    "date-time": "1970-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "unknown@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "ipv4": "0.0.0.0",  # noqa: S104 - a value of the format, bound by nothing
    "ipv6": "::",
    "hostname": "example.com",
    "duration": "P0D",
}
_SHOWN: Final = {
    "date": r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b",
    "date-time": r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})",
    "email": r"[\w.+-]{1,64}@[\w-]{1,64}\.\w{2,20}\b",
    "uri": r"https?://[^\s<>\"]{3,500}",
    "url": r"https?://[^\s<>\"]{3,500}",
    "uuid": r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
}
_FILLERS: Final = (
    "unknown", "", "n/a", "0", "1", "00", "000", "0000", "00000", "000000", "a", "aa", "aaa", "A", "AA", "AAA", "AAAA", "A1",
    "a1", "ABC-123", "abc-123", "AAA-000", "AA-00", "1970-01-01", "00:00", "1.0.0", "0.0.0", "#000000", "unknown@example.com",
    "https://example.com/", "+10000000000", "000-000-0000", "2024-01", "en", "en-US", "USD", "x_1", "id_1",
)  # fmt: skip


def instance(schema: Schema, text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Make a value for a schema from a text."""
    return _Maker(schema, text).value(schema, "", depth=0)


class _Maker:
    def __init__(self, root: Schema, text: str) -> None:
        self._root = root
        self._text = text[:20_000]
        self._evidence = Evidence(self._text)
        self._sentences = sentences(self._text)
        self._nodes = 0

    def value(self, schema: object, name: str, *, depth: int) -> Any:  # noqa: ANN401 - any JSON value
        self._nodes += 1
        one = resolved(schema, self._root)
        branches = alternatives(one, self._root)
        deep = depth > _MAX_DEPTH or self._nodes > _MAX_NODES
        chosen = self._branch(branches, name, deep=deep)
        if choices(chosen):
            return self._choice(chosen)
        kind = type_of(chosen)
        if kind == "object":
            return self._object(chosen, depth=depth, deep=deep)
        if kind == "array":
            return self._array(chosen, name, depth=depth, deep=deep)
        if kind == "null" or (is_nullable(one, self._root) and not self._has(chosen, name)):
            return None
        return self._scalar(chosen, name, kind)

    def _branch(self, branches: list[Schema], name: str, *, deep: bool) -> Schema:
        """Take the first branch the text has something for; deep down the plainest one."""
        if deep:
            order = ("null", "boolean", "integer", "number", "string", "", "array", "object")
            return min(branches, key=lambda branch: _place(type_of(branch), order))
        if len(branches) == 1:
            return branches[0]
        fitting = (
            branch for branch in branches if type_of(branch) != "null" and self._has(branch, name)
        )
        real = (branch for branch in branches if type_of(branch) != "null")
        nothing = (branch for branch in branches if type_of(branch) == "null")
        return next(fitting, None) or next(nothing, None) or next(real, branches[0])

    def _has(self, schema: Schema, name: str, *, depth: int = 0) -> bool:
        kind = type_of(schema)
        if kind == "object" and not choices(schema):
            return depth < 3 and any(
                self._has(resolved(one, self._root), key, depth=depth + 1)
                for key, one in list(properties(schema).items())[:20]
            )
        return self._has_value(schema, name, kind)

    def _has_value(self, schema: Schema, name: str, kind: str) -> bool:
        if choices(schema):
            return self._evidence.choice(schema) is not MISSING
        if kind in {"number", "integer"}:
            return any(allows(value, schema) for value in self._numbers(name, kind))
        if kind == "boolean":
            return self._evidence.boolean(name) is not MISSING
        return kind == "array" or self._evidence.string(name, loose=True) is not MISSING

    def _choice(self, schema: Schema) -> Any:  # noqa: ANN401 - any JSON value
        found = self._evidence.choice(schema)
        return choices(schema)[0] if found is MISSING else found

    def _object(self, schema: Schema, *, depth: int, deep: bool) -> dict[str, Any]:
        needed = required(schema)
        made: dict[str, Any] = {}
        if depth > 2 * _MAX_DEPTH:
            return made
        for name, inner in list(properties(schema).items())[:200]:
            one = resolved(inner, self._root)
            if name in needed or (not deep and depth < 3 and self._has_scalar(one, name)):
                made[name] = self.value(inner, name, depth=depth + 1)
        free = schema.get("additionalProperties")
        for name in needed:
            if name not in made:
                made[name] = self.value(
                    as_schema(free) or {"type": "string"}, name, depth=depth + 1
                )
        for number in range(len(made), min(bound(schema, "minProperties", 0), 50)):
            made[f"key{number + 1}"] = self.value(as_schema(free), "", depth=depth + 1)
        return made

    def _has_scalar(self, schema: Schema, name: str) -> bool:
        """Optional properties are filled only where the text really speaks of them."""
        kind = type_of(schema)
        if kind in {"number", "integer"}:
            return self._evidence.number(name, schema, near_only=True) is not MISSING
        if kind == "string" and not choices(schema):
            found = self._evidence.string(name, loose=False)
            return isinstance(found, str) and allows(found, schema)
        return bool(choices(schema)) and self._has(schema, name)

    def _array(self, schema: Schema, name: str, *, depth: int, deep: bool) -> list[Any]:
        least = min(bound(schema, "minItems", 0), 100)
        most = min(bound(schema, "maxItems", max(least, 10)), 100)
        fixed = listed(schema.get("prefixItems"))
        items = [self.value(one, name, depth=depth + 1) for one in fixed[:20]]
        inner = resolved(schema.get("items"), self._root)
        if not deep and not fixed:
            items += self._found_items(inner, name)
        items = (
            list({repr(item): item for item in items}.values())
            if schema.get("uniqueItems")
            else items
        )
        items = items[:most]
        extra = self._more(inner, name, depth=depth)
        while len(items) < least:
            item = next(extra)
            if not schema.get("uniqueItems") or item not in items:
                items.append(item)
        return items

    def _found_items(self, item: Schema, name: str) -> list[Any]:
        branch = alternatives(item, self._root)[0]
        if choices(branch):
            return [
                one
                for one in choices(branch)
                if self._evidence.choice({"enum": [one]}) is not MISSING
            ]
        kind = type_of(branch)
        if kind in {"number", "integer"}:
            found: list[Any] = self._numbers("", kind)
        elif kind == "string":
            found = self._listed_texts(name)
        else:
            return []
        return [one for one in found if allows(one, branch)]

    def _listed_texts(self, name: str) -> list[Any]:
        """Find `name: a, b and c`, else the names in the text."""
        label = r"[ _]?".join(re.escape(word) for word in name_words(name)) or "list"
        match = re.search(
            rf"\b{label}\b\s*(?:are|is|:|=|include)\s*([^\n.;]{{1,400}})", self._text, re.IGNORECASE
        )
        if match:
            return [
                piece.strip(" \"'") for piece in re.split(r",| and ", match[1]) if piece.strip()
            ]
        return names(self._text)[:10]

    def _more(self, item: Schema, name: str, *, depth: int) -> Iterator[Any]:
        """Yield items for ever, each unlike the one before where the type allows it."""
        first = self.value(item, name, depth=depth + 1)
        yield first
        for number in range(1, 10_000):
            if isinstance(first, str) and not choices(item):
                yield (
                    first_that_fits([f"{first}{number}"], item)
                    if allows(f"{first}{number}", item)
                    else first
                )
            elif isinstance(first, int | float) and not isinstance(first, bool):
                yield first + number
            else:
                yield choices(item)[number % len(choices(item))] if choices(item) else first

    def _numbers(self, name: str, kind: str) -> list[Any]:
        near = self._evidence.number(name, {"type": kind}, near_only=True) if name else MISSING
        found = [] if near is MISSING else [near]
        for text in numbers(self._text)[:200]:
            value = float(text)
            if value.is_integer() and abs(value) < 1e15:
                found.append(int(value))
            elif kind == "number":
                found.append(value)
        return found

    def _scalar(self, schema: Schema, name: str, kind: str) -> Any:  # noqa: ANN401 - any JSON value
        if kind == "boolean":
            found = self._evidence.boolean(name)
            return False if isinstance(found, Missing) else found
        if kind in {"number", "integer"}:
            return self._number(schema, name, kind)
        return self._string(schema, name)

    def _number(self, schema: Schema, name: str, kind: str) -> Any:  # noqa: ANN401 - a JSON number
        found = self._evidence.number(name, schema, near_only=False)
        if found is not MISSING and (kind != "integer" or isinstance(found, int)):
            return found
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high = schema.get("maximum", schema.get("exclusiveMaximum", 0))
        step = schema.get("multipleOf", 1)
        base = [value for value in (0, low, high, step) if isinstance(value, int | float)]
        tried = [value + shift for value in base for shift in (0, 1, -1, 0.5, -0.5)]
        if isinstance(step, int | float) and step > 0 and isinstance(low, int | float):
            tried.append((int(low // step) + 1) * step)
        whole = [int(value) if float(value).is_integer() else value for value in tried]
        fitted = first_that_fits(whole, schema)
        return 0 if isinstance(fitted, Missing) else fitted

    def _string(self, schema: Schema, name: str) -> str:
        tries: list[object] = [self._evidence.string(name, loose=True)]
        shaped = schema.get("format") or schema.get("pattern")
        if not shaped:
            about = f"{' '.join(name_words(name))} {schema.get('description') or ''}"
            picked = pick(about, self._sentences, limit=1, least=0.2)
            tries += [one.text for one in picked]
            tries += [" ".join(self._text.split())[:200]]
        elif str(shaped) in _FORMATS:
            tries = [*self._shown(str(shaped)), _FORMATS[str(shaped)]]
        fitted = first_that_fits([one for one in tries if isinstance(one, str)], schema)
        if isinstance(fitted, str):
            return fitted
        return self._fitted(schema, [one for one in tries if isinstance(one, str)])

    def _shown(self, shape: str) -> list[str]:
        """Find values of a format where a plain pattern shows them."""
        pattern = _SHOWN.get(shape)
        return re.findall(pattern, self._text) if pattern else []

    def _fitted(self, schema: Schema, tries: list[str]) -> str:
        """Cut or pad a text to the length allowed, or try plain fillers against the pattern."""
        most = bound(schema, "maxLength", 2_000)
        least = min(bound(schema, "minLength", 0), 100_000)
        if "pattern" not in schema:
            return (tries[0] if tries else "unknown")[:most].ljust(least, ".")
        shorter = [text[:most].strip() for text in tries]
        inside = re.findall(r"[\w@./:+-]{1,64}", self._text[:4_000])[:300]
        fitted = first_that_fits([*shorter, *inside, *_FILLERS], schema)
        return fitted if isinstance(fitted, str) else "unknown"[:most]


def _place(kind: str, order: tuple[str, ...]) -> int:
    return order.index(kind) if kind in order else len(order)
