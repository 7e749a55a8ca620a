"""The port that counts what the server does; whoever does something says so here, in one call.

Names are given as they are: the adapter keeps the number of different ones bounded. Not for: how a
single request went (`tracing`) or what administrators look at (`inside`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from backend.ports.values import Usage

CacheResult = Literal["hit", "miss", "stored"]


@dataclass(frozen=True, slots=True)
class RequestDone:
    """One HTTP request; `route` is its template, empty when none fits; `seconds` until it was answered."""

    route: str
    method: str
    status: int
    seconds: float


@dataclass(slots=True)
class ModelCall:
    """One call of a model while it runs; `pieces_s` are the moments at which text or thoughts came.

    `failed` is the class of the error that ended it, empty when none did; `said` is the answer, told
    only where words may be in traces. All moments are of one clock that only grows.
    """

    provider: str
    model: str
    began_s: float
    pieces_s: list[float] = field(default_factory=list[float])
    ended_s: float = 0.0
    usage: Usage | None = None
    finish_reason: str = ""
    said: str | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class RunDone:
    """One run that has ended or waits; `first_shown_s` is how long nothing of an answer was shown."""

    route: str
    why: str
    state: str
    seconds: float
    first_shown_s: float | None = None


class Measuring(Protocol):
    """Counts; every call is cheap, never waits and never fails."""

    def request(self, done: RequestDone) -> None:
        """Count an HTTP request."""
        ...

    def model_began(self, call: ModelCall) -> None:
        """Count a call of a model that is under way."""
        ...

    def model_ended(self, call: ModelCall) -> None:
        """Count its end, its tokens and their times."""
        ...

    def run(self, done: RunDone) -> None:
        """Count a run that has ended, or that waits for its user."""
        ...

    def tool(self, tool: str, result: str, seconds: float) -> None:
        """Count a call of a tool by its outcome."""
        ...

    def search(self, seconds: float, hits: int) -> None:
        """Count a search in somebody's documents."""
        ...

    def embedded(self, model: str, tokens: int) -> None:
        """Count tokens that were embedded for a caller."""
        ...

    def database(self, kind: str, seconds: float) -> None:
        """Count a unit of work of the database, a `read` or a `write`."""
        ...

    def cache(self, cache: str, result: CacheResult) -> None:
        """Count a look into a cache, by its name."""
        ...

    def refused(self, kind: str) -> None:
        """Count a request that a limit refused, by the limit's name."""
        ...


class Unmeasured:
    """The `Measuring` port that counts nothing."""

    def request(self, done: RequestDone) -> None:
        """Count nothing."""

    def model_began(self, call: ModelCall) -> None:
        """Count nothing."""

    def model_ended(self, call: ModelCall) -> None:
        """Count nothing."""

    def run(self, done: RunDone) -> None:
        """Count nothing."""

    def tool(self, tool: str, result: str, seconds: float) -> None:
        """Count nothing."""

    def search(self, seconds: float, hits: int) -> None:
        """Count nothing."""

    def embedded(self, model: str, tokens: int) -> None:
        """Count nothing."""

    def database(self, kind: str, seconds: float) -> None:
        """Count nothing."""

    def cache(self, cache: str, result: CacheResult) -> None:
        """Count nothing."""

    def refused(self, kind: str) -> None:
        """Count nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Documents that wait to be read or embedded, or are: how many by state, and the oldest's age in seconds."""

    waiting: int = 0
    running: int = 0
    postponed: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the server stands at a moment; None where that could not be found out."""

    version: str = "0"
    active_runs: int = 0
    queue: Queue | None = None
    upstreams: Sequence[tuple[str, bool]] = ()
    lines_dropped: int = 0
