"""Chat completions through openai-python in its three ways, with one result to compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openai import OpenAI

from tests.fakes.completions import HI, MODEL


@dataclass(slots=True)
class Said:
    """What a client was told, whichever way it asked."""

    id: str = ""
    model: str = ""
    created: int = 0
    content: str = ""
    finish: str | None = None
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    call_ids: list[str] = field(default_factory=list[str])
    reasoning: str = ""
    tokens: tuple[int, int, int] | None = None


class Chat:
    """Asks plainly, as a stream that is read by hand, or with the client's stream helper."""

    def __init__(self, client: OpenAI, way: str) -> None:
        self.client = client
        self.way = way

    def __call__(self, **body: Any) -> Said:
        """Ask, and give what was said."""
        asked = {"model": MODEL, "messages": HI, **body}
        if self.way == "plain":
            return whole(self.client.chat.completions.create(**asked))
        asked["stream_options"] = {"include_usage": True}
        if self.way == "streamed":
            return self._by_hand(asked)
        with self.client.chat.completions.stream(**asked) as stream:
            return whole(stream.get_final_completion())

    def _by_hand(self, asked: dict[str, Any]) -> Said:
        said, calls = Said(), dict[int, list[str]]()
        for chunk in self.client.chat.completions.create(**asked, stream=True):
            said.id, said.model, said.created = chunk.id, chunk.model, chunk.created
            said.tokens = tokens(chunk.usage)
            for choice in chunk.choices:
                said.content += choice.delta.content or ""
                said.reasoning += getattr(choice.delta, "reasoning_content", None) or ""
                said.finish = choice.finish_reason or said.finish
                for call in choice.delta.tool_calls or ():
                    _join(calls.setdefault(call.index, ["", "", ""]), call)
        said.call_ids = [one[0] for one in calls.values()]
        said.calls = [(one[1], one[2]) for one in calls.values()]
        return said


def whole(answer: Any) -> Said:
    """Read a completion."""
    [choice] = answer.choices
    message = choice.message
    return Said(
        id=answer.id,
        model=answer.model,
        created=answer.created,
        content=message.content or "",
        finish=choice.finish_reason,
        calls=[(one.function.name, one.function.arguments) for one in message.tool_calls or ()],
        call_ids=[one.id for one in message.tool_calls or ()],
        reasoning=getattr(message, "reasoning_content", None) or "",
        tokens=tokens(answer.usage),
    )


def _join(made: list[str], call: Any) -> None:
    name, arguments = (call.function.name, call.function.arguments) if call.function else ("", "")
    for at, part in enumerate((call.id, name, arguments)):
        made[at] += part or ""


def tokens(usage: Any) -> tuple[int, int, int] | None:
    """Give prompt, completion and total tokens."""
    return usage and (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
