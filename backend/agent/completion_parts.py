"""What a completion is made of: its choices, the pieces that are shown of them, and what takes a stream in.

Not for: running anything (`completing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from backend.agent.context import START_BYTES_PER_TOKEN
from backend.errors import UnsupportedByModel
from backend.kit.stop_strings import StopFilter
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import JsonObject, Usage

Finish = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class Piece:
    """The next part of one choice."""

    index: int
    text: str = ""
    logprobs: tuple[JsonObject, ...] = ()
    finish: Finish | None = None


@dataclass(slots=True)
class Choice:
    """One candidate as it grows. `start` is where its text begins: behind the prompt."""

    prompt: str
    seed: int | None
    index: int = 0
    text: str = ""
    logprobs: list[JsonObject] = field(default_factory=list[JsonObject])
    finish: Finish = "stop"
    usage: Usage = field(default_factory=Usage)
    _held: list[JsonObject] = field(default_factory=list[JsonObject])
    _told_chars: int = 0

    @property
    def start(self) -> int:
        """Count the characters before the text."""
        return len(self.prompt)

    @property
    def likelihood(self) -> float:
        """Give the mean log probability of a token."""
        return sum(one["logprob"] for one in self.logprobs) / max(1, len(self.logprobs))

    def show(self, text: str, tokens: Sequence[JsonObject], *, last: bool = False) -> Piece:
        """Take text that is shown, and tokens, of which those of shown text go with it."""
        self.text += text
        self._held += tokens
        out: list[JsonObject] = []
        while self._held and (last or self._told_chars < len(self.text)):
            token = self._held.pop(0)
            self._told_chars += len(token["token"])
            out.append(token)
        self.logprobs += out
        return Piece(self.index, text, tuple(out))


class Taker:
    """Takes one model's stream into a choice, up to the first stop string."""

    def __init__(self, wanted: ModelRequest, choice: Choice) -> None:
        self.stops = StopFilter(wanted.stop)
        self._wanted = wanted
        self._choice = choice
        self._seen = 0

    def take(self, delta: ModelDelta) -> Piece:
        """Take the next delta; give what of it is shown."""
        choice = self._choice
        _check_told(delta, self._wanted, choice)
        self._seen += 1
        if delta.finish_reason:
            choice.finish = "stop" if delta.finish_reason == "tool_calls" else delta.finish_reason
        text = self.stops.feed(delta.content) if delta.content else ""
        if self.stops.hit:
            choice.finish = "stop"
        choice.usage = delta.usage or choice.usage
        return choice.show(text, delta.logprobs)

    def rest(self) -> Piece:
        """Give what is shown of a stream that has ended without a stop string."""
        return self._choice.show(self.stops.close(), (), last=True)

    def count(self) -> Usage:
        """Say what was used, also where the model server did not, as of a call that was cut short."""
        if self._seen and not self._choice.usage.model_calls:
            self._choice.usage = estimated(self._choice, tokens=self._seen)
        return self._choice.usage


def _check_told(delta: ModelDelta, wanted: ModelRequest, choice: Choice) -> None:
    """Refuse when log probabilities were asked for and the server knows nothing of them."""
    silent = not delta.logprobs and not choice.logprobs
    if wanted.logprobs is not None and delta.content and silent:
        msg = f"The model '{wanted.model}' does not tell log probabilities on its server."
        raise UnsupportedByModel(msg, param="logprobs")


def estimated(choice: Choice, *, tokens: int) -> Usage:
    """Say what a choice used, of which the model server has told nothing."""
    prompt_tokens = int(len(choice.prompt.encode("utf-8", "replace")) / START_BYTES_PER_TOKEN)
    return Usage(prompt_tokens=prompt_tokens, completion_tokens=tokens, model_calls=1)
