"""The groups of settings about what is to be seen of the inside: figures, traces, history."""

from __future__ import annotations

from pydantic import Field

from backend.config.groups import Group
from backend.config.values import ApiKey, HttpUrl, LogLevel


class MetricsSettings(Group):
    """The figures for Prometheus at /metrics."""

    token: ApiKey | None = Field(
        default=None,
        description="Bearer token that opens /metrics and nothing else; without it only keys of administrators do.",
    )


class TracingSettings(Group):
    """Traces by OpenTelemetry; needs the extra [tracing]."""

    endpoint: HttpUrl | None = Field(
        default=None,
        description="Where spans are sent by OTLP over HTTP, such as http://127.0.0.1:4318; off without it.",
    )
    authorization: ApiKey | None = Field(
        default=None, description="The Authorization header that goes with them."
    )
    sample_ratio: float = Field(
        default=1.0, ge=0, le=1, description="Share of traces that begin here and are sent."
    )
    content: bool = Field(
        default=False, description="Put prompts, answers, searches and arguments of tools in spans."
    )


class HistorySettings(Group):
    """What is kept for administrators to look back at."""

    log_level: LogLevel = Field(
        default="INFO", description="Least severe log lines that are kept in the database."
    )
    log_lines: int = Field(
        default=100_000, ge=0, le=10_000_000, description="Log lines that are kept; 0 keeps none."
    )
    log_days: int = Field(
        default=14, ge=1, le=3650, description="Age in days after which log lines are removed."
    )
    performance_days: int = Field(
        default=7, ge=1, le=366, description="Age in days after which measurements are removed."
    )
