"""Reads JSON and JSONL: every value stands behind its path, grouped into records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import cast

from backend.documents.building import TextBuilder
from backend.documents.decoding import read_text
from backend.documents.extracted import Extracted, Source, Unreadable

KIND = "json"
LABEL = "JSON or JSON Lines"

_PLAIN_KEY = re.compile(r"[^\W\d][\w-]{0,99}")
_WORDS = {"None": "null", "True": "true", "False": "false"}
_MAX_DEPTH = 200
_RECORD_CHARS = 600


def read(source: Source) -> Extracted:
    """Read one document, or one per line when the whole is none."""
    text = read_text(source)
    builder = TextBuilder(source.limits)
    try:
        _Walk(builder).add(_parse(text), path="")
    except json.JSONDecodeError as exc:
        documents = _lines(text, exc)
        del text
        for number, document in documents:
            _Walk(builder).add(document, path=f"[{number}]")
    return builder.build()


def _parse(text: str) -> object:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as exc:
        msg = f"The JSON is nested deeper than {_MAX_DEPTH} levels."
        raise Unreadable(msg) from exc


def _lines(text: str, whole: json.JSONDecodeError) -> Iterator[tuple[int, object]]:
    """Parse JSON Lines; `whole` is why the text is not one document."""
    lines = [(n, line) for n, line in enumerate(text.split("\n")) if line.strip()]
    if len(lines) < 2:
        raise _broken(whole.lineno, whole)
    return _parsed(lines, whole)


def _parsed(
    lines: list[tuple[int, str]], whole: json.JSONDecodeError
) -> Iterator[tuple[int, object]]:
    for place, (number, line) in enumerate(lines):
        try:
            yield place, _parse(line)
        except json.JSONDecodeError as exc:
            if place == 0:  # then it was never meant to be lines
                raise _broken(whole.lineno, whole) from exc
            raise _broken(number + 1, exc) from exc


def _broken(line: int, exc: json.JSONDecodeError) -> Unreadable:
    return Unreadable(f"The JSON is broken at line {line}, column {exc.colno}.")


class _Walk:
    """Writes a value: as one record when it is short, else each part for itself."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._sizes: dict[int, int] = {}
        self._around_rows: set[int] = set()

    def add(self, value: object, *, path: str) -> None:
        """Add everything below a value. Raise Unreadable when it is nested too deeply."""
        self._measure(value, len(path), 0)
        self._write(value, path)

    def _measure(self, value: object, path_chars: int, depth: int) -> int:
        """Remember how many characters each container takes, so that every value is seen once."""
        if depth > _MAX_DEPTH:
            msg = f"The JSON is nested deeper than {_MAX_DEPTH} levels."
            raise Unreadable(msg)
        parts = _parts(value, "")
        if parts is None:
            return path_chars + len(_shown(value)) + 3
        size, around_rows = 0, _is_rows(value)
        for step, part in parts:
            size += self._measure(part, path_chars + len(step), depth + 1)
            around_rows = around_rows or id(part) in self._around_rows
        self._sizes[id(value)] = size
        if around_rows:
            self._around_rows.add(id(value))
        return size

    def _write(self, value: object, path: str) -> None:
        parts = _parts(value, path)
        if parts is None or self._is_record(value):
            self._flush(list(_flat(value, path)))
            return
        own: list[str] = []
        for part_path, part in parts:
            if _parts(part, "") is not None:
                self._flush(own)
                self._write(part, part_path)
                continue
            own.append(_line(part_path, part))
            if sum(map(len, own)) > _RECORD_CHARS:
                self._flush(own)
        self._flush(own)

    def _is_record(self, value: object) -> bool:
        return self._sizes[id(value)] <= _RECORD_CHARS and id(value) not in self._around_rows

    def _flush(self, lines: list[str]) -> None:
        self._builder.add("\n".join(lines), "record")
        lines.clear()


def _is_rows(value: object) -> bool:
    """Tell a list of objects, each of which is a record for itself."""
    elements = cast("list[object]", value) if isinstance(value, list) else []
    return any(isinstance(element, dict) and bool(cast("object", element)) for element in elements)


def _flat(value: object, path: str) -> Iterator[str]:
    parts = _parts(value, path)
    if parts is None:
        yield _line(path, value)
        return
    for part_path, part in parts:
        yield from _flat(part, part_path)


def _parts(value: object, path: str) -> Iterator[tuple[str, object]] | None:
    """List what a filled container holds, each with its path; None for a single value."""
    if isinstance(value, dict) and value:
        members = cast("dict[str, object]", value)
        return ((_join(path, key), part) for key, part in members.items())
    if isinstance(value, list) and value:
        elements = cast("list[object]", value)
        return ((f"{path}[{number}]", part) for number, part in enumerate(elements))
    return None


def _line(path: str, value: object) -> str:
    return f"{path}: {_shown(value)}" if path else _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    return _WORDS.get(repr(value), "")


def _join(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key
