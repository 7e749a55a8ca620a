"""Compares two OpenAPI documents by meaning: which properties of one the other lacks or describes otherwise.

The counting rules are those of OGX's report (scripts/openai_coverage.py in ogx-ai/ogx, which reads
`oasdiff diff`): a property that is not there is missing, and one whose type, enum, nullability,
union or default differs has an issue; values that our enums add are no issue. Where oasdiff compares
texts this compares meanings: `$ref` and inline, `anyOf` and `oneOf`, the spellings of null, `const` and
an enum of one value, an absent default and a default of null are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
UNIONS = ("anyOf", "oneOf")
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Shape:
    """One alternative of a schema: a JSON type with its enum, or an object, or a list."""

    kind: str
    enum: frozenset[str] | None = None
    properties: Mapping[str, Schema] = field(default_factory=dict)
    items: Schema | None = None
    values: Schema | None = None
    ref: str = ""

    def tags(self) -> dict[str, frozenset[str]]:
        """Give the properties that can hold one value only: they tell alternatives apart."""
        found: dict[str, frozenset[str]] = {}
        for name, schema in self.properties.items():
            values = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
            if values:
                found[name] = frozenset(map(str, values))
        return found

    def named(self) -> str:
        """Name the alternative for a person."""
        tag = self.tags().get("type") or self.tags().get("role")
        if tag:
            return f"{self.kind} {'|'.join(sorted(tag))}"
        return f"{self.kind} {'|'.join(sorted(self.enum)[:4])}" if self.enum else self.kind


@dataclass(frozen=True, slots=True)
class Form:
    """A schema with everything resolved that can be resolved without descending."""

    shapes: tuple[Shape, ...]
    nullable: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference; `weight` is the number of properties that it stands for."""

    path: str
    missing: bool
    detail: str = ""
    weight: int = 1


class Document:
    """An OpenAPI document whose references can be followed."""

    def __init__(self, document: Mapping[str, Any], *, prefix: str = "") -> None:
        self.raw = document
        paths: Mapping[str, Any] = document.get("paths", {})
        self.paths = {
            path.removeprefix(prefix): item
            for path, item in paths.items()
            if path.startswith(prefix)
        }

    def follow(self, value: Any) -> tuple[Any, str]:
        """Follow references to what they mean, and give the last one's text."""
        ref = ""
        while isinstance(value, Mapping) and "$ref" in value:
            ref = value["$ref"]
            found: Any = self.raw
            for part in ref.removeprefix("#/").split("/"):
                found = found.get(part.replace("~1", "/").replace("~0", "~"), {})
            siblings = {name: one for name, one in value.items() if name in {"default", "nullable"}}
            value = {**found, **siblings} if siblings else found
        return value, ref

    def form(self, schema: Any) -> Form:
        """Resolve a schema into its alternatives, whether it may be null, and its default."""
        merged, ref = self._merged(schema)
        shapes: list[Shape] = []
        nullable = bool(merged.get("nullable"))
        default = merged.get("default")
        parts = [part for union in UNIONS for part in merged.get(union, ())]
        parts = [part for part in parts if set(part) - {"required", "title", "description"}]
        inner = [self.form(part) for part in parts]
        for one in inner:
            shapes.extend(shape for shape in one.shapes if shape not in shapes)
            nullable = nullable or one.nullable
        if default is None and sum(bool(one.shapes) for one in inner) == 1:
            # A default beside other alternatives is not the union's.
            default = next(one.default for one in inner if one.shapes)
        if not parts or merged.get("properties"):
            own, null = self._own_shapes(merged, ref)
            shapes.extend(own)
            nullable = nullable or null
        return Form(tuple(shapes), nullable, default)

    def _own_shapes(self, schema: Schema, ref: str) -> tuple[list[Shape], bool]:
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else list(types)
        values = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
        nullable = "null" in types or bool(values and None in values)
        types = [one for one in types if one != "null"] or _kinds(schema, values, nullable)
        enum = frozenset(str(one) for one in values if one is not None) if values else None
        more = schema.get("additionalProperties")
        made = [
            Shape(
                kind=kind,
                enum=enum if kind not in {"object", "array"} else None,
                properties=schema.get("properties", {}) if kind == "object" else {},
                items=schema.get("items") if kind == "array" else None,
                values=more if kind == "object" and isinstance(more, Mapping) and more else None,
                ref=ref,
            )
            for kind in types
        ]
        return made, nullable

    def _merged(self, schema: Any) -> tuple[dict[str, Any], str]:
        found, ref = self.follow(schema)
        if not isinstance(found, Mapping):
            return {}, ref
        merged = {name: value for name, value in found.items() if name != "allOf"}
        for part in found.get("allOf", ()):
            other, inner_ref = self._merged(part)
            ref = ref or inner_ref
            for name, value in other.items():
                if name == "properties":
                    merged[name] = {**value, **merged.get(name, {})}
                else:
                    merged.setdefault(name, value)
        return merged, ref

    def count(self, schema: Any, visited: set[str] | None = None) -> int:
        """Count the properties of a schema; each reference counts once, as in OGX's report."""
        visited = set() if visited is None else visited
        if not isinstance(schema, Mapping):
            return 0
        if "$ref" in schema:
            if schema["$ref"] in visited:
                return 0
            visited.add(schema["$ref"])
            return self.count(self.follow(schema)[0], visited)
        properties: Mapping[str, Any] = schema.get("properties", {})
        below: list[Any] = [*properties.values(), schema.get("items")]
        for name in ("allOf", *UNIONS):
            below.extend(schema.get(name, ()))
        below.append(schema.get("additionalProperties"))
        return len(properties) + sum(self.count(one, visited) for one in below)

    def parameters(self, path: str, method: str) -> dict[tuple[str, str], Schema]:
        """Give the parameters of an operation by place and name; those in the path by position."""
        item = self.paths[path]
        found: dict[tuple[str, str], Schema] = {}
        for one in (*item.get("parameters", ()), *item[method].get("parameters", ())):
            given, _ = self.follow(one)
            if given["in"] != "path":
                found[given["in"], given["name"]] = given
        return found

    def bodies(self, path: str, method: str) -> Iterator[tuple[str, Schema]]:
        """Give the schemas of what an operation takes and of what it answers when it succeeds."""
        operation = self.paths[path][method]
        request, _ = self.follow(operation.get("requestBody", {}))
        for kind, media in request.get("content", {}).items():
            yield f"request {kind}", media.get("schema", {})
        for status, answer in operation.get("responses", {}).items():
            for kind, media in self.follow(answer)[0].get("content", {}).items():
                yield f"{status} {kind}", media.get("schema", {})


def _kinds(schema: Schema, values: Iterable[Any] | None, nullable: bool) -> list[str]:  # noqa: FBT001 - private
    if "properties" in schema or "additionalProperties" in schema:
        return ["object"]
    if "items" in schema:
        return ["array"]
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    found = {names[type(value)] for value in values or () if value is not None}
    return sorted(found) or ([] if nullable else ["any"])


def likeness(theirs: Shape, ours: Shape) -> float:
    """Say how well two alternatives fit together; below 0 they do not."""
    if theirs.kind != ours.kind or (theirs.enum is None) != (ours.enum is None):
        return -1
    if theirs.kind == "object":
        mine, other = theirs.tags(), ours.tags()
        shared = mine.keys() & other.keys()
        if any(not mine[name] & other[name] for name in shared):
            return -1
        same = theirs.properties.keys() & ours.properties.keys()
        every = theirs.properties.keys() | ours.properties.keys()
        return len(shared) + (len(same) / len(every) if every else 1)
    if theirs.enum is not None and ours.enum is not None:
        return len(theirs.enum & ours.enum) / len(theirs.enum) or -1
    return 0.5


class Comparison:
    """Walks two documents side by side.

    `deep` also descends into the alternatives of unions, which the report of OGX leaves out, and there
    visits each pair of named schemas once; a missing property then weighs as much as its subtree.
    """

    def __init__(self, theirs: Document, ours: Document, *, deep: bool) -> None:
        self.theirs, self.ours, self._deep = theirs, ours, deep
        self._open: list[tuple[str, str]] = []
        self._done: set[tuple[str, str]] = set()
        self._asked = True
        self.findings: list[Finding] = []

    def operation(self, path: str, our_path: str, method: str) -> list[Finding]:
        """Compare one operation."""
        self.findings, self._asked = [], True
        other = self.ours.parameters(our_path, method)
        for (place, name), given in self.theirs.parameters(path, method).items():
            where = f"{place} {name}"
            if (place, name) in other:
                schema = other[place, name].get("schema", {})
                self._property(where, given.get("schema", {}), schema)
            else:
                self.findings.append(Finding(where, missing=True))
        bodies = dict(self.ours.bodies(our_path, method))
        for name, schema in self.theirs.bodies(path, method):
            self._done.clear()
            self._asked = name.startswith("request")
            self._body(name, schema, bodies)
        return self.findings

    def _body(self, name: str, schema: Schema, bodies: Mapping[str, Schema]) -> None:
        wide = f"{name[0]}XX{name[3:]}"  # 4XX stands for every 4 hundred
        ours = bodies.get(name, bodies.get(wide))
        if ours is None or self.ours.form(ours).shapes == (Shape("any"),):
            # Totals count JSON alone, so that another content that is missing weighs one.
            weight = self.theirs.count(schema) if name.endswith("application/json") else 1
            if weight:
                said = "no such content" if ours is None else "not described"
                self.findings.append(Finding(name, missing=True, detail=said, weight=weight))
            return
        self._property(name, schema, ours)

    def _property(self, path: str, theirs: Schema, ours: Schema) -> None:
        details = list(self._differences(path, theirs, ours))
        if details:
            self.findings.append(Finding(path, missing=False, detail="; ".join(details)))

    def _differences(self, path: str, theirs: Schema, ours: Schema) -> Iterator[str]:
        want, have = self.theirs.form(theirs), self.ours.form(ours)
        if want.nullable != have.nullable:
            yield "nullable in OpenAI's only" if want.nullable else "nullable in ours only"
        if want.default != have.default:
            yield f"default {have.default!r} instead of {want.default!r}"
        if max(len(want.shapes), len(have.shapes)) > 1:
            yield from self._unions(path, want, have)
        elif want.shapes and have.shapes:
            yield from self._shapes(path, want.shapes[0], have.shapes[0])
        elif len(want.shapes) != len(have.shapes):
            yield "null alone on one side"

    def _unions(self, path: str, want: Form, have: Form) -> Iterator[str]:
        pairs, left, added = matched(want.shapes, have.shapes)
        if left:
            yield f"union lacks {', '.join(one.named() for one in left)}"
        if added:
            yield f"union adds {', '.join(one.named() for one in added)}"
        for one, other in pairs:
            yield from self._enums(one, other)
            if self._deep:
                yield from self._below(f"{path}<{one.named()}>", one, other)

    def _shapes(self, path: str, theirs: Shape, ours: Shape) -> Iterator[str]:
        if theirs.kind != ours.kind:
            yield f"type {ours.kind} instead of {theirs.kind}"
            return
        yield from self._enums(theirs, ours)
        yield from self._below(path, theirs, ours)

    def _enums(self, theirs: Shape, ours: Shape) -> Iterator[str]:
        if theirs.enum is not None and ours.enum is None:
            yield f"no enum, should be {sorted(theirs.enum)}"
        elif theirs.enum is None and ours.enum is not None and self._asked:
            # An answer may well hold fewer values; a request must not be held to them.
            yield f"enum {sorted(ours.enum)} where any value goes"
        elif lost := (theirs.enum or frozenset()) - (ours.enum or frozenset()):
            yield f"enum lacks {sorted(lost)}"

    def _below(self, path: str, theirs: Shape, ours: Shape) -> Iterator[str]:
        key = (theirs.ref, ours.ref)
        if theirs.ref and (key in self._open or key in self._done):
            return
        if theirs.ref and self._deep:
            self._done.add(key)
        self._open.append(key)
        for name, schema in theirs.properties.items():
            self._named(f"{path}.{name}", schema, ours.properties.get(name))
        for inner, other, name in (
            (theirs.items, ours.items, "items"),
            (theirs.values, ours.values, "values"),
        ):
            if inner is not None:
                step = "[]" if name == "items" else ".*"
                yield from (
                    f"{name}: {one}" for one in self._differences(path + step, inner, other or {})
                )
        self._open.pop()

    def _named(self, path: str, theirs: Schema, ours: Schema | None) -> None:
        if ours is not None:
            self._property(path, theirs, ours)
            return
        weight = 1 + (self.theirs.count(theirs) if self._deep else 0)
        self.findings.append(Finding(path, missing=True, weight=weight))


def matched(
    theirs: Iterable[Shape], ours: Iterable[Shape]
) -> tuple[list[tuple[Shape, Shape]], list[Shape], list[Shape]]:
    """Pair the alternatives of two unions, likeliest first, and give what stays alone."""
    left, added = list(theirs), list(ours)
    ranked = sorted(
        (
            (likeness(one, other), i, j)
            for i, one in enumerate(left)
            for j, other in enumerate(added)
        ),
        key=lambda entry: -entry[0],
    )
    pairs: list[tuple[int, int]] = []
    for score, i, j in ranked:
        if score >= 0 and all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    taken, used = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        [(left[i], added[j]) for i, j in pairs],
        [one for i, one in enumerate(left) if i not in taken],
        [one for j, one in enumerate(added) if j not in used],
    )
