"""A model call whose answer must be JSON of a given shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from backend.agent.loose_object import read_object
from backend.agent.reply import ask
from backend.agent.run import Run
from backend.kit.json_schema import plain_schema
from backend.ports.values import ChatMessage, JsonObject

M = TypeVar("M", bound=BaseModel)
ATTEMPTS = 2


class NotStructured(Exception):
    """The model did not give JSON of the wanted shape, also when told what was wrong."""


async def ask_json(
    run: Run,
    messages: Sequence[ChatMessage],
    *,
    shape: type[M],
    schema: JsonObject | None = None,
    attempts: int = ATTEMPTS,
) -> M:
    """Ask for JSON constrained by a schema; on a mistake ask once more, naming it.

    `schema` replaces the one of `shape` where the constraint is tighter than the type. What the
    caller wants of the answer (its form, length, stop words, penalties) does not hold for this
    call; its length is bounded all the same, because constrained models can go on for ever.

    Raises:
        NotStructured: when the second answer is wrong too.
    """
    wanted = schema or plain_schema(shape.model_json_schema())
    wanted = {"title": shape.__name__, **wanted}
    asked: list[ChatMessage] = list(messages)
    fault = ""
    for _ in range(attempts):
        request = run.inner_request(
            asked,
            response_schema=wanted,
            temperature=0.0,
            presence_penalty=None,
            frequency_penalty=None,
            reasoning_effort="none" if run.model.can("thinking") else None,
        )
        reply = await ask(run, request, show=None)
        found = read_object(reply.content)
        try:
            if found is not None:
                return shape.model_validate(found)
            fault = "it is not a JSON object"
        except ValidationError as exc:
            fault = "; ".join(
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in exc.errors(include_url=False, include_input=False)[:5]
            )
        asked = [
            *messages,
            {"role": "assistant", "content": reply.content},
            {"role": "user", "content": f"That is not valid: {fault}. Reply with the JSON only."},
        ]
    raise NotStructured(fault)
