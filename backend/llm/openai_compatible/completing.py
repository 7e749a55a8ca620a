"""Let a model go on from a text: POST /completions.

Source: https://platform.openai.com/docs/api-reference/completions/create
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from itertools import zip_longest

from backend.errors import ModelNotFound, StewardError, UnsupportedByModel
from backend.llm.openai_compatible.answer import AnswerReader
from backend.llm.openai_compatible.request import NO_STREAM_OPTIONS, PASSED_OPTIONS
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import JsonObject


def completion_body(request: ModelRequest, quirks: AbstractSet[str]) -> JsonObject:
    """Build the body; what is not asked for is left out."""
    wanted: JsonObject = {
        "model": request.model,
        "prompt": request.prompt,
        "suffix": request.suffix or None,
        "stream": True,
        "stream_options": None if NO_STREAM_OPTIONS in quirks else {"include_usage": True},
        "max_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "logprobs": request.logprobs,
    }
    wanted |= {name: request.options.get(name) for name in PASSED_OPTIONS}
    return {name: value for name, value in wanted.items() if value is not None}


def as_told(failure: StewardError, request: ModelRequest) -> StewardError:
    """Say what a failure means for a completion; a chat's is left as it is.

    The model is in the server's list, so what it does not find is the address.
    """
    if request.prompt is None or not isinstance(failure, ModelNotFound):
        return failure
    msg = f"The model server does not complete texts with '{request.model}': {failure.message}"
    return UnsupportedByModel(msg, param="model")


class CompletionReader(AnswerReader):
    """Reads chunks whose text is in `text`; otherwise they are those of a chat."""

    def _add(self, part: JsonObject, delta: ModelDelta) -> None:
        choices: list[JsonObject] = part.get("choices") or []
        told: JsonObject = {}
        if choices:
            told = choices[0].pop("logprobs", None) or {}
            choices[0]["delta"] = {"content": choices[0].get("text")}
        super()._add(part, delta)
        if told:
            delta.logprobs += tuple(_tokens(told))


def _tokens(told: JsonObject) -> list[JsonObject]:
    """Write the old shape of log probabilities, one list per field, in the new one."""
    tokens: list[str] = told.get("tokens") or []
    logprobs: list[float | None] = told.get("token_logprobs") or []
    others: list[dict[str, float] | None] = told.get("top_logprobs") or []
    return [
        _token(token, logprob)
        | {"top_logprobs": [_token(name, value) for name, value in (more or {}).items()]}
        for token, logprob, more in zip_longest(tokens, logprobs, others[: len(tokens)])
    ]


def _token(token: str, logprob: float | None) -> JsonObject:
    return {
        "token": token,
        "logprob": float(logprob or 0.0),
        "bytes": list(token.encode("utf-8", "replace")),
    }
