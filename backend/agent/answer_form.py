"""The form a caller asked an answer to have (`response_format`): read before any model call, kept to.

With `strict` the answer fits the schema, or the turn fails, or it is cut: for its length, or at a stop
string of the caller. Without it only JSON is promised: the schema still guides the model, and an answer that misses it is asked for
once more where nobody has read along. Not for: server-made JSON, such as plans (`structured`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from backend.errors import InvalidRequest
from backend.kit.json_stream import json_in
from backend.kit.schema_check import BadSchema, SchemaCheck, read_schema
from backend.ports.values import JsonObject

SCHEMA_PARAM = "response_format.json_schema.schema"


@dataclass(frozen=True, slots=True)
class Formed:
    """An answer as read: its JSON text if it holds any, and what is wrong with it if anything is."""

    text: str | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The form of an answer; without a `check`, any JSON object."""

    strict: bool
    check: SchemaCheck | None

    async def read(self, content: str) -> Formed:
        """Find the JSON in an answer and judge it.

        Raises:
            InvalidRequest: when the schema cannot be applied within bounds.
        """
        text = json_in(content)
        if text is None:
            return Formed(None, "it is not JSON")
        value: Any = orjson.loads(text)
        if self.check is None:
            return Formed(text, None if isinstance(value, dict) else "it is not a JSON object")
        return Formed(text, await fault_in(value, self.check, param=SCHEMA_PARAM))

    def accepts(self, formed: Formed) -> bool:
        """Tell whether an answer keeps what is promised, if not all that was asked for."""
        any_json = not self.strict and self.check is not None
        return formed.fault is None or (any_json and formed.text is not None)


async def form_of(schema: JsonObject | str | None, *, strict: bool) -> AnswerForm | None:
    """Read the form a caller asks for; None when any text will do.

    Raises:
        InvalidRequest: for a schema that is not valid, naming it.
    """
    if schema is None:
        return None
    if isinstance(schema, str):
        return AnswerForm(strict=False, check=None)
    check = await _read(schema, strict=strict, param=SCHEMA_PARAM)
    return AnswerForm(strict=strict, check=check)


async def check_of(function: JsonObject, *, param: str) -> SchemaCheck | None:
    """Read the schema that a strict function's arguments must fit; None when it is not strict.

    Raises:
        InvalidRequest: for a schema that is not valid, naming it.
    """
    parameters: JsonObject | None = function.get("parameters")
    if not function.get("strict") or not parameters:
        return None
    return await _read(parameters, strict=True, param=param)


async def fault_in(value: object, check: SchemaCheck, *, param: str) -> str | None:
    """Say what of a value does not fit; None when all does.

    Raises:
        InvalidRequest: when the schema cannot be applied within bounds.
    """
    try:
        return await check.fault(value)
    except BadSchema as exc:
        raise _refused(exc, param) from exc


async def _read(schema: JsonObject, *, strict: bool, param: str) -> SchemaCheck:
    try:
        return await read_schema(schema, strict=strict)
    except BadSchema as exc:
        raise _refused(exc, param) from exc


def _refused(exc: BadSchema, param: str) -> InvalidRequest:
    msg = f"The schema cannot be used: {exc}"
    return InvalidRequest(msg, param=param, code="invalid_json_schema")
