"""The ports of several model servers that stand for one provider, and of the queues before models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from backend.ports.models import ModelProvider
from backend.ports.vectors import VectorProvider

ServerState = Literal["ok", "busy", "failing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a server has: the names of its models, None when it does not tell, and those in memory."""

    models: frozenset[str] | None
    loaded: frozenset[str] = frozenset()

    def may_have(self, model: str) -> bool:
        """Tell whether a model may be there."""
        return self.models is None or model in self.models


class ModelServer(ModelProvider, VectorProvider, Protocol):
    """One server among several of a kind."""

    @property
    def address(self) -> str:
        """Say where it is."""
        ...

    async def look(self) -> Look:
        """Ask what it has now; raise the StewardError of its trouble."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStanding:
    """How one server is: `running` calls at it now, `detail` its last trouble, `retry_in_s` its rest."""

    address: str
    state: ServerState
    running: int
    detail: str = ""
    retry_in_s: float = 0.0
    loaded: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """How the queue of one model is, in this process; `users` are (running, waiting) by user id.

    `before` counts, by user id, those who are served before the user's next request.
    """

    model: str
    places: int
    running: int
    waiting: int
    users: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    before: Mapping[str, int] = field(default_factory=dict[str, int])


class ModelTraffic(Protocol):
    """What goes to the model servers now."""

    def servers(self) -> Sequence[ServerStanding]:
        """Tell how each server is."""
        ...

    def queues(self) -> Sequence[QueueStanding]:
        """Tell how each model's queue is."""
        ...
