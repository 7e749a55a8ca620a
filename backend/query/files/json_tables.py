"""Finds the tables in a JSON file: rows in a list, one object per line, or lists inside an object."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import orjson

from backend.kit.table_names import literal
from backend.ports.query import QueryFailed
from backend.query.files.delimited import as_utf8, distinct_names
from backend.query.files.lines import object_bytes, write_rows
from backend.query.files.sources import Given, Source, Workshop

_HEAD_BYTES = 64 * 1024
_WHOLE_BYTES = 64 * 1024 * 1024
_WHOLLY_SAMPLED_BYTES = 32 * 1024 * 1024
_SAMPLE_ROWS = 200_000
_MOST_TABLES = 50
_MAX_DEPTH = 8


def json_tables(given: Given, shop: Workshop) -> list[Source]:
    """Give the tables; raise QueryFailed when the JSON is broken or holds none."""
    path, encoding = as_utf8(given.path, shop)
    path = _unmarked(path, shop)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).lstrip()
    notes = () if encoding == "utf-8" else (f"the file is not UTF-8; it was read as {encoding}",)
    if head[:1] == b"[" and head[1:].lstrip()[:1] == b"{":
        found = [_rows(path, "array")]
    elif _is_lines(head):
        found = [_rows(path, "newline_delimited")]
    else:
        found = list(_taken_apart(given, path, shop))
    if not found:
        msg = f"{given.name} holds no values that could be rows."
        raise QueryFailed(msg)
    return [replace(one, notes=(*one.notes, *notes)) for one in found[:_MOST_TABLES]]


def parquet_table(given: Given, shop: Workshop) -> list[Source]:  # noqa: ARG001 - as its neighbours
    """Give the one table of a Parquet file."""
    read = f"read_parquet({literal(str(given.path))})"
    return [Source(relations=(read,), size_bytes=given.path.stat().st_size)]


def _rows(path: Path, layout: str, *, part: str = "") -> Source:
    size = path.stat().st_size
    sample = -1 if size <= _WHOLLY_SAMPLED_BYTES else _SAMPLE_ROWS
    read = f"read_json({literal(str(path))}, format='{layout}', records='true'"
    options = f"maximum_object_size={object_bytes(path)}, sample_size"
    return Source(
        part=part,
        relations=(f"{read}, {options}={sample})", f"{read}, {options}=-1)"),
        size_bytes=size,
    )


def _unmarked(path: Path, shop: Workshop) -> Path:
    with path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            return path
        copy = shop.new_file(".json")
        with copy.open("wb") as made:
            while part := file.read(1024 * 1024):
                shop.spend(len(part))
                made.write(part)
    return copy


def _is_lines(head: bytes) -> bool:
    """Tell JSON lines by a first line that is a whole object, with another one after it."""
    first, _, rest = head.partition(b"\n")
    if first[:1] != b"{" or rest.lstrip()[:1] != b"{":
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def _taken_apart(given: Given, path: Path, shop: Workshop) -> Iterator[Source]:
    if path.stat().st_size > _WHOLE_BYTES:
        msg = (
            f"{given.name} is one large JSON value; save its rows as a list of objects, or as JSON "
            "lines, to query them."
        )
        raise QueryFailed(msg)
    try:
        document: object = json.loads(path.read_bytes())
    except RecursionError as exc:
        msg = f"{given.name} is nested too deeply."
        raise QueryFailed(msg) from exc
    except ValueError as exc:
        msg = f"{given.name} is no valid JSON: {str(exc)[:150]}."
        raise QueryFailed(msg) from exc
    if isinstance(document, list):
        yield from _list(cast("list[object]", document), shop, part="")
        return
    if not isinstance(document, dict):
        return
    lists = list(_lists(cast("dict[str, object]", document), ()))
    for way, rows in lists:
        yield from _list(rows, shop, part="_".join(way) if len(lists) > 1 else "")
    if not lists:
        yield from _object(cast("dict[str, Any]", document), shop)


def _lists(node: dict[str, object], way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Find lists of objects, whatever objects they lie in."""
    for key, value in node.items():
        if isinstance(value, list) and any(isinstance(one, dict) for one in cast("Any", value)):
            yield (*way, key), value
        elif isinstance(value, dict) and len(way) < _MAX_DEPTH:
            yield from _lists(cast("dict[str, object]", value), (*way, key))


def _list(elements: list[object], shop: Workshop, *, part: str) -> Iterator[Source]:
    objects = [cast("object", one) for one in elements if isinstance(one, dict) and one]
    if objects:
        yield _written(objects, shop, part=part)
    elif elements and all(isinstance(one, list) for one in elements):
        lists = cast("list[list[object]]", elements)
        width = max(map(len, lists))
        headed = all(isinstance(cell, str) for cell in lists[0]) and len(lists) > 1
        names = [str(cell) for cell in lists[0]] if headed else []
        names = distinct_names([*names, *[""] * (width - len(names))])
        rows = ([_scalar(cell) for cell in row] + [None] * (width - len(row)) for row in lists)
        if headed:
            next(rows)
        relation, path = write_rows(names, rows, shop)
        yield Source(part=part, relations=(relation,), size_bytes=path.stat().st_size)
    elif elements:
        relation, path = write_rows(["value"], ([_scalar(one)] for one in elements), shop)
        yield Source(part=part, relations=(relation,), size_bytes=path.stat().st_size)


def _object(document: dict[str, Any], shop: Workshop) -> Iterator[Source]:
    """Read columns given as lists of one length, or a single row."""
    values = list(document.values())
    if values and all(isinstance(one, list) for one in values):
        lists = cast("list[list[object]]", values)
        if lists[0] and len(set(map(len, lists))) == 1:
            rows = ([_scalar(cell) for cell in row] for row in zip(*lists, strict=True))
            relation, path = write_rows(distinct_names(list(document)), rows, shop)
            yield Source(relations=(relation,), size_bytes=path.stat().st_size)
            return
    if document:
        yield _written([document], shop, part="")


def _written(objects: Sequence[object], shop: Workshop, *, part: str) -> Source:
    path = shop.new_file(".jsonl")
    with path.open("wb") as file:
        for one in objects:
            line = json.dumps(one, ensure_ascii=True).encode() + b"\n"
            shop.spend(len(line))
            file.write(line)
    return _rows(path, "newline_delimited", part=part)


def _scalar(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
