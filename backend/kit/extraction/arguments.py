"""Fills the parameters of a tool from a question: only those its schema has, with their types.

None means that a required parameter could not be filled, so the tool is not called.
"""

from __future__ import annotations

import re
from typing import Any, Final

from backend.kit.extraction.data_questions import data_arguments
from backend.kit.extraction.entities import bare_question, names, numbers, search_words
from backend.kit.extraction.evidence import Evidence, files_named, name_words
from backend.kit.extraction.schemas import (
    MISSING,
    Schema,
    allows,
    choices,
    first_that_fits,
    plain,
    properties,
    required,
    type_of,
)

_LOOK_UP: Final = ("query", "q", "question", "search", "search_query", "text", "title", "topic", "term", "input", "keywords", "prompt")  # fmt: skip
# Kinds whose main parameter says all: an expression, code, a query, an address.
_WHOLE: Final = frozenset({"math", "python", "sql", "fetch"})
_DATABASE = re.compile(
    r"\b(?:database|db) (?:called |named )?[\"“'`](?P<quoted>[\w.-]{1,60})[\"”'`]"
    r"|\b(?:in|on|from|against|of|using) (?:the |our |my )?(?:database|db) (?P<after>(?!with|and|that|which|for|please|to\b)[\w.-]{1,60})"
    r"|\b(?:in|on|from|against|of|using) (?:the |our |my )?(?P<before>(?!the|our|my|this|that|a|sql|local|same|whole|uploaded\b)[\w.-]{1,60}) (?:database|db)\b",
    re.IGNORECASE,
)
MAIN_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "math": ("expression", "expr", "formula", "equation", "calculation", "problem", "query", "input", "text"),
    "data": ("data", "csv", "numbers", "values", "dataset", "table", "json", "input", "text"),
    "weather": ("place", "location", "city", "town", "address", "q", "query", "where", "name"),
    "documents": _LOOK_UP,
    "encyclopedia": _LOOK_UP,
    "web": _LOOK_UP,
    "open": _LOOK_UP,
    "fetch": ("url", "uri", "link", "address", "page", "website"),
    "python": ("code", "source", "script", "program", "python", "input"),
    "sql": ("sql", "query", "statement", "code"),
}  # fmt: skip


def main_parameter(schema: Schema, kind: str) -> str | None:
    """Name the parameter that takes the step's value: by its name, else the only required text."""
    known = properties(schema)
    by_name = {name.casefold(): name for name in known}
    for name in MAIN_NAMES.get(kind, ()):
        if name in by_name and type_of(plain(known[by_name[name]], schema)) in {
            "string",
            "",
            "array",
        }:
            return by_name[name]
    texts = [
        name
        for name in required(schema)
        if name in known and type_of(plain(known[name], schema)) == "string" and not choices(plain(known[name], schema))
    ]  # fmt: skip
    return texts[0] if len(texts) == 1 and kind != "custom" else None


def fill(
    schema: Schema, *, kind: str, value: str, text: str, force: bool = False
) -> dict[str, Any] | None:
    """Fill a tool's arguments; with `force` a required parameter takes the whole question at worst."""
    main = main_parameter(schema, kind)
    known = properties(schema)
    needed = required(schema)
    evidence = Evidence(bare_question(text))
    asked = data_arguments(text, value) if kind == "data" else {}
    filled: dict[str, Any] = {name: asked[name] for name in asked if name in known and name != main}
    for name, raw in list(known.items())[:60]:
        one = plain(raw, schema)
        if name in filled or (asked and name not in {main, *needed}):
            continue
        if kind in _WHOLE and main and name != main and name not in needed:
            beside = _beside(name, kind, value, text)
            filled.update({name: beside} if beside is not MISSING else {})
            continue
        if name == main:
            found = _main(one, value, schema)
        else:
            found = _other(name, one, evidence, needed=name in needed, root=schema)
        if found is MISSING and name in needed:
            found = _last_resort(name, one, value or text, force=force)
        if found is not MISSING:
            filled[name] = found
        elif name in needed:
            return None
    return filled


def _beside(name: str, kind: str, value: str, text: str) -> object:
    """Find what may go with code or a query: files that it does not name itself, a database by its name."""
    if kind not in {"python", "sql"}:
        return MISSING
    if name == "database":
        said = _DATABASE.search(text)
        return (said["quoted"] or said["after"] or said["before"]) if said else MISSING
    # The tool finds what the code itself names; naming it would shut out the other tables of a join.
    beside = files_named(name, "" if text in value else text.replace(value, " "))
    found = [one for one in beside if one not in value or kind == "sql"]
    return found or MISSING


def _main(schema: Schema, value: str, root: Schema) -> object:
    if type_of(schema) == "array":
        item = plain(schema.get("items"), root)
        if type_of(item) in {"number", "integer"}:
            return [_number(text) for text in numbers(value)] or MISSING
        return [value]
    if not allows(value, schema):
        limit = schema.get("maxLength")
        cut = value[:limit] if isinstance(limit, int) else value
        return cut if cut and allows(cut, schema) else MISSING
    return value if value.strip() else MISSING


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _other(name: str, schema: Schema, evidence: Evidence, *, needed: bool, root: Schema) -> object:
    kind = type_of(schema)
    if kind == "array" and not choices(schema):
        named = files_named(name, evidence.text)
        return named or _array(schema, evidence, needed=needed, root=root)
    if kind == "object" and not choices(schema):
        return _nested(schema, evidence, needed=needed, root=root)
    return _scalar(name, schema, evidence, needed=needed)


def _scalar(name: str, schema: Schema, evidence: Evidence, *, needed: bool) -> object:
    only = choices(schema)
    if only:
        found = evidence.choice(schema)
        return only[0] if found is MISSING and needed and len(only) == 1 else found
    kind = type_of(schema)
    if kind in {"number", "integer"}:
        return evidence.number(name, schema, near_only=not needed)
    if kind == "boolean":
        found = evidence.boolean(name) if needed or len(name) > 3 else MISSING
        return False if found is MISSING and needed else found
    found = evidence.string(name, loose=needed)
    return first_that_fits([found], schema) if found is not MISSING else MISSING


def _array(schema: Schema, evidence: Evidence, *, needed: bool, root: Schema) -> object:
    item = plain(schema.get("items"), root)
    if choices(item):
        found = [
            value for value in choices(item) if evidence.choice({"enum": [value]}) is not MISSING
        ]
        return found or MISSING
    if not needed:
        return MISSING
    if type_of(item) in {"number", "integer"}:
        return [_number(text) for text in numbers(evidence.text)] or MISSING
    if type_of(item) in {"string", ""}:
        return names(evidence.text) or [search_words(evidence.text)]
    return MISSING


def _nested(schema: Schema, evidence: Evidence, *, needed: bool, root: Schema) -> object:
    if not needed:
        return MISSING
    inner: dict[str, object] = {}
    for name in required(schema)[:20]:
        one = plain(properties(schema).get(name), root)
        found = _other(name, one, evidence, needed=type_of(one) != "object", root=root)
        if found is MISSING:
            return MISSING
        inner[name] = found
    return inner


def _last_resort(name: str, schema: Schema, text: str, *, force: bool) -> object:
    """Take the default; a forced call takes a first choice, a zero, or the question itself."""
    if "default" in schema:
        return schema["default"]
    kind = type_of(schema)
    if kind == "string" and not choices(schema) and _takes_anything(name):
        return first_that_fits([text], schema)
    if not force:
        return MISSING
    plainest: list[object] = [*choices(schema), text, 0, 1, False, [], {}]
    return first_that_fits(plainest, schema)


def _takes_anything(name: str) -> bool:
    return bool(set(name_words(name)) & {"query", "question", "prompt", "input", "request", "task"})
