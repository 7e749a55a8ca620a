"""One row in every table that there is, made from the tables themselves: a new table has one by itself."""

from __future__ import annotations

from hashlib import sha256
from struct import pack
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, insert

from backend.kit.folding import fold
from backend.storage.columns import JsonText, VectorBytes
from backend.storage.whole_metadata import METADATA

# Tables in which nothing stands of a user: what they hold is the server's.
NOBODYS = frozenset({
    "credentials",
    "embedding_spaces",
    "model_performance",
    "performance",
    "servers",
})


def fill_every_table(connection: Connection, owner: str, *, number: int) -> dict[str, Any]:
    """Insert a row of `owner` into each; give the rows' first keys. Owners need numbers of their own."""
    keys: dict[str, Any] = {}
    for table in METADATA.sorted_tables:
        row = {
            column.name: _value(column, keys, owner, number)
            for column in table.c
            if column.computed is None
        }
        if table.name == "users":
            row |= {"id": owner, "username": owner, "username_key": fold(owner), "role": "user"}
        if table.name == "login_failures":
            row["subject"] = f"account:{fold(owner)}|203.0.113.{number}"
        connection.execute(insert(table), row)
        keys[table.name] = row[next(iter(table.primary_key.columns)).name]
    return keys


def _value(column: Column[Any], keys: dict[str, Any], owner: str, number: int) -> Any:
    for key in column.foreign_keys:
        return keys[key.column.table.name]
    if column.name == "user_id":
        return owner
    kinds: list[tuple[type, Any]] = [
        (JsonText, {"of": owner, "number": 1.5, "text": 'a "quoted"\nword'}),
        (Boolean, False),
        (BigInteger | Integer, number),
        (Float, 0.25),
        (VectorBytes, b"\x00\x00\x80?" * 4),
        (LargeBinary, bytes(range(256))),
        (VectorBytes, pack("<3f", 0.1, -2.0, 3e-7)),
    ]
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    if column.primary_key and column.name == "id":
        return f"{column.table.name}_{sha256(owner.encode()).hexdigest()[:32]}"
    return f"{column.table.name}_{column.name}_{owner}"
