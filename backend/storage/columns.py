"""Column types that every database we run on stores alike: clean text, JSON written by orjson, vectors.

Not for: what the columns mean (`tables`).
"""

from __future__ import annotations

import sys
from array import array
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Dialect, LargeBinary, Text, cast, func
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from backend.kit.json_values import clean_text, dump_json


class CleanText(TypeDecorator[str]):
    """Text without NUL and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] - SQLAlchemy passes it by position
        """Clean the text on its way in."""
        return None if value is None else clean_text(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value in a text column."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, _dialect: Dialect) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - SQLAlchemy passes it by position
        """Write the value."""
        return dump_json(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:  # noqa: ANN401 - any JSON value  # pyright: ignore[reportIncompatibleMethodOverride] - SQLAlchemy passes it by position
        """Read the value."""
        return None if value is None else orjson.loads(value)


class VectorBytes(TypeDecorator[bytes]):
    """Float32 numbers as bytes, as the machine writes them; for PostgreSQL a `vector` of pgvector."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose how a database keeps them."""
        kind = PgVector() if dialect.name == "postgresql" else LargeBinary()
        return dialect.type_descriptor(kind)


class PgVector(UserDefinedType[bytes]):
    """A vector of pgvector: written as text, read in the binary form that its `vector_send` gives.

    https://github.com/pgvector/pgvector/blob/master/src/vector.c (vector_send): two int16 (dimensions, unused),
    then float32, all big-endian.
    """

    cache_ok = True

    def get_col_spec(self, **_kw: object) -> str:
        """Name the type."""
        return "vector"

    def bind_expression(self, bindvalue: BindParameter[bytes]) -> ColumnElement[bytes]:
        """Have the text read as a vector."""
        return cast(bindvalue, self)

    def column_expression(self, colexpr: ColumnElement[Any]) -> ColumnElement[Any]:
        """Ask for the binary form."""
        return func.vector_send(colexpr, type_=self)

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's own
        """Write float32 bytes as text."""
        return written_vector

    def result_processor(self, dialect: Dialect, _coltype: object) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's own  # pyright: ignore[reportIncompatibleMethodOverride] - by position
        """Read the binary form."""
        return _read_or_none


def written_vector(raw: bytes | None) -> str | None:
    """Write float32 bytes as pgvector reads them; nine digits give back the same float32."""
    if raw is None:
        return None
    return f"[{','.join([format(number, '.9g') for number in array('f', raw)])}]"


def _read_or_none(sent: bytes | None) -> bytes | None:
    return None if sent is None else read_vector(sent)


def read_vector(sent: bytes) -> bytes:
    """Read what `vector_send` gives as float32 bytes."""
    numbers = array("f", sent[4:])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tobytes()
