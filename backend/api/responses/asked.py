"""What a Responses request comes to: a turn, and how its answer is to be shown and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.agent.run import TurnRequest
from backend.ports.values import ChatMessage, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, read.

    `echo` are the fields of the answer that only repeat the request. `items` are what the request
    brought, `context` the chat messages before them. `streamed` tells that the answer is, or may be,
    sent while it is made. `max_results` bounds what a file search lists.
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
    max_results: int = 50
    previous_id: str | None = None
    metadata: JsonObject = field(default_factory=dict[str, str])
