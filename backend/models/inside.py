"""Wire shapes of what administrators look at: log lines and measurements. Times are in milliseconds since 1970."""

from __future__ import annotations

import logging
from typing import Self

from pydantic import BaseModel

from backend.ports.inside import LogLine, ModelSample, Sample


class LogLineOut(BaseModel):
    """One event of the log; ids are empty where it belongs to no request, user or run."""

    id: str
    at_ms: int
    level: str
    server: str
    logger: str
    message: str
    request_id: str
    user_id: str
    run_id: str
    trace: str

    @classmethod
    def of(cls, line: LogLine) -> Self:
        """Render a line."""
        return cls(
            id=str(line.id),
            at_ms=line.at_ms,
            level=logging.getLevelName(line.level),
            server=line.server,
            logger=line.logger,
            message=line.message,
            request_id=line.request_id,
            user_id=line.user_id,
            run_id=line.run_id,
            trace=line.trace,
        )


class LogsOut(BaseModel):
    """Lines, newest first; `next_cursor` gives the older ones."""

    lines: list[LogLineOut]
    next_cursor: str | None


class SampleOut(BaseModel):
    """How a server stood. `cpu` counts processors in use: 1.0 is one whole processor."""

    at_ms: int
    server: str
    cpu: float
    memory_bytes: int
    disk_free_bytes: int
    disk_bytes: int
    active_runs: int
    queue: int

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """Render a sample."""
        return cls(**{name: getattr(sample, name) for name in cls.model_fields})


class ModelSampleOut(BaseModel):
    """How a model answered in one minute on one server; null where nothing was measured."""

    at_ms: int
    server: str
    model: str
    calls: int
    failed: int
    tokens: int
    first_token_p50_s: float | None
    first_token_p95_s: float | None
    tokens_per_s_p50: float | None
    tokens_per_s_p95: float | None

    @classmethod
    def of(cls, sample: ModelSample) -> Self:
        """Render a sample."""
        return cls(**{name: getattr(sample, name) for name in cls.model_fields})


class PerformanceOut(BaseModel):
    """How this server stands now, and what was measured, oldest first."""

    now: SampleOut
    samples: list[SampleOut]
    models: list[ModelSampleOut]
