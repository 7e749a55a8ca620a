"""Regular expressions of strangers, matched in linear time by the Rust engine inside pydantic.

Look-around and back-references, which no such engine has, are not readable.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

MAX_CHARS: Final = 2_000


def is_readable(pattern: str) -> bool:
    """Tell whether a pattern can be matched here at all."""
    return _compiled(pattern) is not None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found anywhere in a text; one that is not readable always is."""
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    try:
        compiled.validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> SchemaValidator | None:
    if len(pattern) > MAX_CHARS:
        return None
    try:
        schema = core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")
        return SchemaValidator(schema)
    except SchemaError:
        return None
