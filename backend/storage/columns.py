"""Column types that every database we run on stores alike: clean text, and JSON written by orjson.

Not for: what the columns mean (`tables`).
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

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
