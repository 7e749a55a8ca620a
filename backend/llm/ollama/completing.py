"""Let a model go on from a text: POST /api/generate.

Sources: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion, and
`GenerateHandler` in `server/routes.go`.
"""

from __future__ import annotations

from backend.errors import UnsupportedByModel
from backend.llm.ollama.answer import AnswerReader, garbage
from backend.llm.ollama.request import options_of
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import JsonObject

START_OF_TEXT = "\n"
"""Stands for an empty prompt, which Ollama takes as the wish to load the model and nothing else."""


def completion_body(request: ModelRequest, info: ModelInfo, *, keep_alive: str | int) -> JsonObject:
    """Build the body; raise UnsupportedByModel naming the field that cannot be.

    `raw` keeps the model's chat template away, which is wanted only to write prompt and suffix the
    way a fill-in-the-middle model reads them. A prompt that is too long is refused, not cut.
    """
    body: JsonObject = {
        "model": request.model,
        "prompt": request.prompt or START_OF_TEXT,
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": options_of(request, info),
        "keep_alive": request.options.get("keep_alive", keep_alive),
    }
    if request.suffix:
        if not info.can("insert"):
            msg = f"The model '{request.model}' does not fill in the middle of a text."
            raise UnsupportedByModel(msg, param="suffix")
        body["suffix"] = request.suffix
    else:
        body["raw"] = True
    if info.can("thinking"):
        body["think"] = False
    if request.logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    return body


class CompletionReader(AnswerReader):
    """Reads lines whose text is in `response`; otherwise they are those of a chat."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self._held: list[JsonObject] = []

    def _is_line(self, part: JsonObject) -> bool:
        return isinstance(part.get("response", ""), str) and ("response" in part or "done" in part)

    def _add(self, part: JsonObject, delta: ModelDelta, line: bytes) -> None:
        told: list[JsonObject] = part.pop("logprobs", None) or []
        part["message"] = {"content": part.get("response"), "thinking": part.get("thinking")}
        super()._add(part, delta, line)
        try:
            self._held += [_token(one, more=one.get("top_logprobs") or ()) for one in told]
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise garbage(line) from exc
        if delta.content or delta.finish_reason:
            delta.logprobs += tuple(self._held)
            self._held = []


def _token(told: JsonObject, *, more: list[JsonObject] | tuple[()] | None = None) -> JsonObject:
    text: str = told["token"]
    made: JsonObject = {
        "token": text,
        "logprob": float(told["logprob"]),
        "bytes": told.get("bytes") or list(text.encode("utf-8", "replace")),
    }
    return made if more is None else made | {"top_logprobs": [_token(one) for one in more]}
