"""What a Responses request comes to: a turn, and how its answer is to be shown and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.agent.run import TurnRequest
from backend.ports.values import ChatMessage, JsonObject, Usage

NOTHING = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, read.

    `echo` are the fields of the answer that only repeat the request. `items` are what the request
    brought, `context` the chat messages before them. `streamed` tells that the answer is, or may be,
    sent while it is made. A response that goes on with a run that waited has a `key` of its own,
    does not show the first `skipped` entries of the run's log, and counts not what was `used` before.
    """

    turn: TurnRequest
    echo: JsonObject
    items: Sequence[JsonObject] = ()
    context: Sequence[ChatMessage] = ()
    include: frozenset[str] = frozenset()
    custom: frozenset[str] = frozenset()
    built_in: frozenset[str] = frozenset()
    summarised: bool = False
    streamed: bool = False
    background: bool = False
    store: bool = True
    key: str = ""
    skipped: int = 0
    used: Usage = NOTHING
    begun_at_ms: int = 0
    max_results: int = 50
    previous_id: str | None = None
    metadata: JsonObject = field(default_factory=dict[str, str])
