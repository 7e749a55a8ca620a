"""Translate between OpenAI's old completions and the core's values. Pure: no I/O, no framework."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from backend.agent.completing import Completion, CompletionRequest
from backend.agent.completion_parts import Piece
from backend.agent.run import usage_object
from backend.api.chat_request import PASSED_ON
from backend.api.openai_wire import DONE
from backend.errors import InvalidRequest, UnsupportedByModel
from backend.models.completions import START_OF_TEXT
from backend.models.completions import CompletionRequest as CompletionIn
from backend.ports.accounts import Principal
from backend.ports.models import ModelRequest
from backend.ports.values import JsonObject

DEFAULT_MAX_TOKENS = 16
SAMPLING = {"temperature", "top_p", "presence_penalty", "frequency_penalty"}


def completion_request(
    body: CompletionIn, *, prompts: Sequence[str], caller: Principal
) -> CompletionRequest:
    """Read a request whose prompts have become text already.

    Raises:
        InvalidRequest: for combinations the schema alone does not refuse, naming the field.
    """
    n = body.n or 1
    best_of = n if body.best_of in (None, 1) else body.best_of
    _refuse(body, n=n, best_of=best_of)
    extra = body.model_extra or {}
    # What is not asked for is left to the model, as in a chat; the wire's defaults are documentation.
    sampling = body.model_dump(include=SAMPLING, exclude_unset=True)
    template = ModelRequest(
        model=body.model,
        messages=(),
        max_output_tokens=DEFAULT_MAX_TOKENS if body.max_tokens is None else body.max_tokens,
        **sampling,
        seed=body.seed,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        logprobs=body.logprobs,
        suffix=body.suffix or None,
        options={key: extra[key] for key in PASSED_ON if extra.get(key) is not None},
    )
    return CompletionRequest(
        user_id=caller.user.id,
        key_id=caller.key_id or "",
        template=template,
        prompts=["" if prompt == START_OF_TEXT else prompt for prompt in prompts],
        n=n,
        best_of=best_of,
        echo=bool(body.echo),
    )


def _refuse(body: CompletionIn, *, n: int, best_of: int) -> None:
    """Refuse what would change the answer but cannot be honoured."""
    if body.stream_options is not None and not body.stream:
        raise InvalidRequest("stream_options needs stream: true", param="stream_options")
    if best_of < n:
        raise InvalidRequest("best_of must be at least n", param="best_of")
    if best_of > n and body.stream:
        raise InvalidRequest("best_of cannot be streamed", param="best_of")
    if body.logit_bias:
        msg = "'logit_bias' is not supported by this server's models"
        raise UnsupportedByModel(msg, param="logit_bias")
    if body.echo and body.logprobs is not None:
        msg = "'echo' with 'logprobs' is not supported: a prompt's own probabilities are not known"
        raise UnsupportedByModel(msg, param="echo")


def whole(made: Completion, *, model: str) -> bytes:
    """Render a finished completion."""
    request = made.request
    choices: list[JsonObject] = []
    for choice in made.choices:
        text = choice.prompt + choice.text if request.echo else choice.text
        told = _logprobs(choice.logprobs, start=choice.start) if _wants(made) else None
        choices.append({
            "text": text,
            "index": choice.index,
            "logprobs": told,
            "finish_reason": choice.finish,
        })
    body = {**_head(made, model), "choices": choices, "usage": usage_object(made.usage)}
    return orjson.dumps(body)


class ChunkWriter:
    """Write pieces as `text_completion` frames; what does not change is prepared once."""

    def __init__(self, made: Completion, *, model: str, include_usage: bool) -> None:
        self._made = made
        self._include_usage = include_usage
        self._plain_head = _head(made, model)
        head = orjson.dumps(self._plain_head)[:-1]
        self._head = b"data: " + head + (b',"usage":null' if include_usage else b"")
        self._offsets: dict[int, int] = {}

    def pieces(self, pieces: Sequence[Piece]) -> bytes:
        """Give one frame per piece."""
        return b"".join([self._piece(piece) for piece in pieces])

    def _piece(self, piece: Piece) -> bytes:
        told = None
        if _wants(self._made) and piece.finish is None:
            choice = self._made.choices[piece.index]
            start = self._offsets.get(piece.index, choice.start)
            told = _logprobs(piece.logprobs, start=start)
            self._offsets[piece.index] = start + sum(len(it["token"]) for it in piece.logprobs)
        choice_object = {
            "text": piece.text,
            "index": piece.index,
            "logprobs": told,
            "finish_reason": piece.finish,
        }
        return self._head + b',"choices":[' + orjson.dumps(choice_object) + b"]}\n\n"

    def closing(self) -> bytes:
        """Give the last frames of a completion that did not fail: usage when asked for, [DONE]."""
        if not self._include_usage:
            return DONE
        last: JsonObject = {**self._plain_head, "choices": []}
        packed = orjson.dumps({**last, "usage": usage_object(self._made.usage)})
        return b"data: " + packed + b"\n\n" + DONE


def _wants(made: Completion) -> bool:
    return made.request.template.logprobs is not None


def _head(made: Completion, model: str) -> JsonObject:
    return {
        "id": made.id,
        "object": "text_completion",
        "created": made.started_at_ms // 1000,
        "model": model,
    }


def _logprobs(tokens: Sequence[JsonObject], *, start: int) -> JsonObject:
    """Write log probabilities in the old shape; offsets count from the prompt's beginning."""
    offsets: list[int] = []
    for token in tokens:
        offsets.append(start)
        start += len(token["token"])
    return {
        "tokens": [one["token"] for one in tokens],
        "token_logprobs": [one["logprob"] for one in tokens],
        "top_logprobs": [_top(one) for one in tokens],
        "text_offset": offsets,
    }


def _top(token: JsonObject) -> dict[str, float]:
    """Name the most likely tokens, and the one that was taken."""
    likely = {one["token"]: one["logprob"] for one in token.get("top_logprobs") or ()}
    return likely | {token["token"]: token["logprob"]}
