"""Make what sends spans, where an endpoint is set; nothing of OpenTelemetry is loaded otherwise."""

from __future__ import annotations

from backend import __version__
from backend.config.errors import SettingsError
from backend.config.settings import Settings
from backend.ports.tracing import Tracing, Untraced


def make_tracing(settings: Settings, *, service: str = "steward") -> Tracing:
    """Make it; raise SettingsError where the extra is missing."""
    given = settings.tracing
    if given.endpoint is None:
        return Untraced()
    try:
        from backend.observability.spans import (  # noqa: PLC0415 - an extra, and heavy
            SpanOptions,
            open_spans,
        )
    except ImportError as exc:
        origin = settings.origin("TRACING__ENDPOINT")
        msg = f"TRACING__ENDPOINT: it needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http: .venv/bin/pip install them ({origin})"
        raise SettingsError([msg]) from exc
    key = given.authorization
    return open_spans(
        SpanOptions(
            endpoint=given.endpoint,
            authorization=key.get_secret_value() if key else "",
            ratio=given.sample_ratio,
            with_content=given.content,
            service=service,
            version=__version__,
        )
    )
