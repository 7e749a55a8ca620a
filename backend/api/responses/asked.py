"""What a Responses request comes to: a turn, and how its answer is to be shown and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.agent.run import TurnRequest
from backend.ports.values import JsonObject, Usage

NOTHING = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, read.

    `echo` are the fields of the answer that only repeat the request. `items` are what the request
    brought, `origins` the numbers of those that the new messages of the turn have their content from. `streamed` tells that the answer is, or may be,
    sent while it is made. A response that goes on with a run that waited has a `key` of its own,
    does not show the first `skipped` entries of the run's log, and counts not what was `used` before.
    `attributes` are those of the files in the vector stores that are searched.
    """

    turn: TurnRequest
    echo: JsonObject
    items: Sequence[JsonObject] = ()
    origins: Sequence[int] = ()
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
    attributes: Mapping[str, JsonObject] = field(default_factory=dict[str, Any])
    previous_id: str | None = None
    metadata: JsonObject = field(default_factory=dict[str, str])
