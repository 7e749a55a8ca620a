"""Responses through openai-python in its three ways, with one result to compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openai import OpenAI

from tests.fakes.completions import HI, MODEL

WAYS = ["plain", "streamed", "helper"]
FUNCTION: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Tell the weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
QUESTION: str = HI[0]["content"]


@dataclass(slots=True)
class Responded:
    """A response, and the types of the events that brought it (none when it came at once)."""

    whole: Any
    events: list[Any] = field(default_factory=list[Any])

    @property
    def text(self) -> str:
        """What the messages say."""
        return self.whole.output_text

    @property
    def kinds(self) -> list[str]:
        """The types of the output's items."""
        return [item.type for item in self.whole.output]

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Names and arguments of the functions that are called."""
        items = self.whole.output
        return [(one.name, one.arguments) for one in items if one.type == "function_call"]

    @property
    def told(self) -> list[str]:
        """The types of the events, without their common beginning."""
        return [event.type.removeprefix("response.") for event in self.events]


class Respond:
    """Asks plainly, as a stream that is read by hand, or with the client's stream helper."""

    def __init__(self, client: OpenAI, way: str) -> None:
        self.client = client
        self.way = way
        self.last: Any = None

    def __call__(self, said: Any = QUESTION, /, **body: Any) -> Responded:
        """Ask, and give what came."""
        given = self._asked({"model": MODEL, "input": said, **body})
        self.last = given.whole
        return given

    def _asked(self, asked: dict[str, Any]) -> Responded:
        if self.way == "plain":
            return Responded(self.client.responses.create(**asked))
        if self.way == "streamed":
            events = list(self.client.responses.create(**asked, stream=True))
            return Responded(events[-1].response, events)
        with self.client.responses.stream(**asked) as stream:
            events = list(stream)
            return Responded(stream.get_final_response(), events)


def joined(events: list[Any], kind: str) -> str:
    """Join the deltas of one kind."""
    return "".join(one.delta for one in events if one.type == f"response.{kind}.delta")
