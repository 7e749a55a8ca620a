"""What administrators look at: log lines and measurements that are kept for a while, and figures for machines.

Not for: counting (`measuring`) or spans (`tracing`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One event of the log, free of secrets. `level` is the number of Python's logging; `id` is 0 until it is stored."""

    id: int = 0
    at_ms: int
    level: int
    server: str
    logger: str
    message: str
    request_id: str = ""
    user_id: str = ""
    run_id: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which lines are wanted: at least of a level, from one moment up to before another, of these ids.

    `text` is looked for in messages, loggers and traces, whatever its case. Empty means any.
    """

    level: int = 0
    from_ms: int = 0
    to_ms: int | None = None
    text: str = ""
    request_id: str = ""
    user_id: str = ""
    run_id: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Lines, newest first, and where the older ones go on; None on the last page."""

    lines: tuple[LogLine, ...]
    next_cursor: str | None = None


class LogStore(Protocol):
    """Lines of the log, of every server on this database."""

    async def add(self, lines: Sequence[LogLine]) -> None:
        """Add lines in one transaction; the user of an account that is gone is left out."""
        ...

    async def page(self, wanted: LogFilter, *, limit: int, cursor: str | None = None) -> LogPage:
        """Give a slice, newest first; InvalidRequest for a cursor that no page gave out."""
        ...

    async def prune(self, *, before_ms: int, most: int) -> int:
        """Forget lines from before then, and all but the newest `most`; tell how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How one server stood at a moment.

    `cpu` is the share of one processor that the server and its children used since the sample before
    (1.0 is one whole processor), memory is what they hold, the disk is that of the data folder.
    """

    at_ms: int
    server: str
    cpu: float
    memory_bytes: int
    disk_free_bytes: int
    disk_bytes: int
    active_runs: int
    queue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSample:
    """How a model answered on one server in the minute before a moment; times in seconds.

    Percentiles are None where nothing was measured.
    """

    at_ms: int
    server: str
    model: str
    calls: int
    failed: int
    tokens: int
    first_token_p50_s: float | None = None
    first_token_p95_s: float | None = None
    tokens_per_s_p50: float | None = None
    tokens_per_s_p95: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was measured, oldest first."""

    samples: tuple[Sample, ...] = ()
    models: tuple[ModelSample, ...] = ()


class PerformanceStore(Protocol):
    """Measurements of every server on this database, one a minute."""

    async def add(self, sample: Sample, models: Sequence[ModelSample]) -> None:
        """Keep what was measured in a minute, in one transaction."""
        ...

    async def history(self, *, from_ms: int, to_ms: int, server: str = "") -> History:
        """Give what was measured from one moment up to before another, of one server or of all."""
        ...

    async def prune(self, *, before_ms: int) -> int:
        """Forget what was measured before then; tell how many rows that were."""
        ...


class MetricsPage(Protocol):
    """The figures as Prometheus reads them."""

    async def render(self, accept: str) -> tuple[bytes, str]:
        """Give the page and its media type, for what a client says it accepts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What is to be seen of the inside. `metrics_token` opens `/metrics` alone; empty is none.

    `flush` writes the lines that wait; `measure` gives how this server stands now.
    """

    metrics: MetricsPage
    metrics_token: str
    lines: LogStore
    performance: PerformanceStore
    flush: Callable[[], Awaitable[None]]
    measure: Callable[[], Awaitable[Sample]]
