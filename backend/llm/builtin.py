"""The model that needs no weights: deterministic, extractive, honest about what it is.

It decides by rules (`backend.kit.extraction`) what a question needs, calls the tools on offer, and
answers from what they brought. Not for: knowledge, translation or composing texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from backend.errors import ModelNotFound, UnsupportedByModel
from backend.kit.extraction.acting import Progress, Worker, forced
from backend.kit.extraction.conversing import clock, from_earlier, reply
from backend.kit.extraction.planning import structured
from backend.kit.extraction.schemas import as_schema
from backend.kit.extraction.small_talk import WHAT_I_AM, small_talk
from backend.kit.extraction.steps import Call
from backend.kit.extraction.tool_fit import Toolbox, offered
from backend.kit.extraction.turns import Turn, read_turn, text_of
from backend.kit.extraction.words import clean
from backend.kit.ids import new_id
from backend.ports.clock import Clock
from backend.ports.models import ModelDelta, ModelInfo, ModelRequest
from backend.ports.values import FinishReason, Health, ToolCall, Usage

MODEL_ID: Final = "builtin"
CONTEXT_TOKENS: Final = 32_768
_CHARS_PER_TOKEN: Final = 4
_WORD = re.compile(r"\s*\S+\s*|\s+")
_OWN = re.compile(r"\b(?:my|i|me|mine)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to stream: a text, or calls with the sentence that says why."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()


class BuiltinProvider:
    """One model, `builtin`, that answers by rules and extraction alone."""

    name = "builtin"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._info = ModelInfo(
            id=MODEL_ID,
            provider=self.name,
            owned_by="steward",
            created_s=clock.now_ms() // 1000,
            context_tokens=CONTEXT_TOKENS,
            capabilities=frozenset({"completion", "tools", "tool_choice", "extractive"}),
        )

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelDelta]:
        """Stream one answer word by word; the same request gives the same words."""
        if request.options.get("logit_bias"):
            raise UnsupportedByModel("'builtin' has no tokens to weigh", param="logit_bias")
        answer = self._answer(request)
        text, finish = _limited(answer.text, request)
        if answer.thought:
            yield ModelDelta(reasoning=answer.thought)
        for piece in _WORD.findall(text):
            yield ModelDelta(content=piece)
        if answer.calls:
            finish = "tool_calls"
            yield ModelDelta(tool_calls=tuple(_wire(call) for call in answer.calls))
        yield ModelDelta(finish_reason=finish, usage=_usage(request, answer, text))

    async def models(self) -> Sequence[ModelInfo]:
        """List the one model."""
        return [self._info]

    async def describe(self, model: str) -> ModelInfo:
        """Describe the one model; raise ModelNotFound for any other name."""
        if model != MODEL_ID:
            msg = f"The model '{model}' is not built in; only '{MODEL_ID}' is."
            raise ModelNotFound(msg, param="model")
        return self._info

    async def health(self) -> Health:
        """Tell that it works, as it needs nothing."""
        return Health(ok=True, detail="built in, needs no weights")

    async def aclose(self) -> None:
        """Close nothing, as nothing was opened."""

    def _answer(self, request: ModelRequest) -> Answer:
        turn = read_turn(request.messages)
        if request.response_schema is not None:
            return Answer(text=self._as_json(request, turn))
        tools = [] if request.tool_choice == "none" else offered(request.tools)
        toolbox = Toolbox(tools, own_first=turn.in_documents)
        demanded = _demanded(request, turn, toolbox)
        if demanded:
            return Answer(calls=demanded, thought=_thought(demanded))
        told = small_talk(turn.prompt) or clock(turn.asked.ask, self._clock.now_ms())
        if told and not turn.observations:
            return Answer(text=self._plain(turn))
        if not toolbox.shapes and not turn.observations:
            return Answer(text=self._plain(turn))
        return self._with_tools(turn, toolbox)

    def _with_tools(self, turn: Turn, toolbox: Toolbox) -> Answer:
        known = from_earlier(turn.asked.ask, turn.before) if _OWN.search(turn.asked.ask) else None
        if known and not turn.observations:
            return Answer(text=known)
        progress = Worker(turn, toolbox).work()
        if progress.calls:
            return Answer(calls=tuple(progress.calls), thought=_thought(progress.calls))
        return Answer(text=self._told(progress, turn))

    def _told(self, progress: Progress, turn: Turn) -> str:
        return progress.text or self._plain(turn)

    def _plain(self, turn: Turn) -> str:
        return reply(turn, now_ms=self._clock.now_ms())

    def _as_json(self, request: ModelRequest, turn: Turn) -> str:
        if isinstance(request.response_schema, Mapping):
            schema = cast("Mapping[str, object]", request.response_schema)
            return json.dumps(structured(schema, turn), ensure_ascii=False)
        said = Worker(turn, Toolbox([])).work().text if turn.observations else self._plain(turn)
        return json.dumps({"answer": said or WHAT_I_AM}, ensure_ascii=False)


def _demanded(request: ModelRequest, turn: Turn, toolbox: Toolbox) -> tuple[Call, ...]:
    """Give the calls a tool_choice demands; none once the turn has results."""
    choice = request.tool_choice
    if not toolbox.shapes or turn.observations:
        return ()
    if isinstance(choice, dict):
        shape = toolbox.named(str(as_schema(choice.get("function") or choice).get("name")))
        if shape is None:
            return ()
        alone = Worker(turn, Toolbox([shape])).work().calls
        return tuple(alone) or (forced(turn, shape, toolbox),)
    if choice == "required":
        planned = Worker(turn, toolbox).work().calls
        return tuple(planned) or (forced(turn, toolbox.shapes[0], toolbox),)
    return ()


def _thought(calls: Sequence[Call]) -> str:
    named = ", ".join(dict.fromkeys(call.tool for call in calls))
    return f"The question needs {named}."


def _wire(call: Call) -> ToolCall:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {
        "id": new_id("call"),
        "type": "function",
        "function": {"name": call.tool, "arguments": arguments},
    }


def _limited(text: str, request: ModelRequest) -> tuple[str, FinishReason]:
    """Cut at the first stop string, then at the word limit."""
    text = clean(text)
    cuts = [at for stop in request.stop if stop and (at := text.find(stop)) >= 0]
    text = text[: min(cuts)] if cuts else text
    if request.max_output_tokens is None:
        return text, "stop"
    pieces = _WORD.findall(text)
    if len(pieces) <= request.max_output_tokens:
        return text, "stop"
    return "".join(pieces[: request.max_output_tokens]), "length"


def _usage(request: ModelRequest, answer: Answer, text: str) -> Usage:
    read = sum(len(text_of(message)) for message in request.messages)
    called = sum(len(call.tool) + len(json.dumps(call.arguments)) for call in answer.calls)
    thought = _tokens(len(answer.thought))
    return Usage(
        prompt_tokens=_tokens(read),
        completion_tokens=_tokens(len(text) + called) + thought,
        reasoning_tokens=thought,
        model_calls=1,
    )


def _tokens(chars: int) -> int:
    return -(-chars // _CHARS_PER_TOKEN)
