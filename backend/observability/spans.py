"""Sends spans by OpenTelemetry: the `Tracing` port. Imported only where an endpoint is set.

It has a provider of its own and leaves the library's global one alone, so that nothing else of this
process is traced. Spans go in batches, from a thread of the library; one that cannot be sent is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backend.kit.trace_context import bind_traceparent, release_traceparent
from backend.ports.tracing import Attributes, Span, SpanKind, Value

TIMEOUT_S = 10.0
_NONE: Attributes = {}
_KINDS: Final = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
}
_HEADER = "traceparent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanOptions:
    """Where spans go, which share of the traces that begin here, and what may be in them."""

    endpoint: str
    authorization: str = field(default="", repr=False)
    ratio: float = 1.0
    with_content: bool = False
    service: str = "steward"
    version: str = "0"


def open_spans(options: SpanOptions) -> OtelTracing:
    """Begin to send spans."""
    headers = {"authorization": options.authorization} if options.authorization else None
    exporter = OTLPSpanExporter(
        f"{options.endpoint.rstrip('/')}/v1/traces", headers=headers, timeout=TIMEOUT_S
    )
    about: dict[str, Value] = {
        "service.name": options.service,
        "service.version": options.version,
    }
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(options.ratio)),
        resource=Resource(about),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OtelTracing(provider, with_content=options.with_content)


class OtelTracing:
    """The `Tracing` port; `aclose` sends what waits."""

    on = True

    def __init__(self, provider: TracerProvider, *, with_content: bool) -> None:
        self.with_content = with_content
        self._provider = provider
        self._tracer = provider.get_tracer("steward")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: SpanKind = "internal",
        attributes: Attributes = _NONE,
        parent: str = "",
    ) -> Generator[Span]:
        """Make a span of the block; an error that leaves the block marks it, without its text."""
        around = self._propagator.extract({_HEADER: parent}) if parent else None
        made = self._tracer.start_span(name, around, _KINDS[kind], attributes=attributes)
        inside = trace.set_span_in_context(made, around)
        token = contexts.attach(inside)
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, inside)
        bound = bind_traceparent(carrier.get(_HEADER, ""))
        told = _Span(made)
        try:
            yield told
        except asyncio.CancelledError:
            made.set_attribute("error.type", "cancelled")
            raise
        except BaseException as exc:
            told.failed(type(exc).__qualname__)
            raise
        finally:
            release_traceparent(bound)
            contexts.detach(token)
            made.end()

    async def aclose(self) -> None:
        """Send what waits, and stop."""
        await asyncio.to_thread(self._provider.shutdown)


class _Span:
    """The `Span` port over one of the library's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        """Name it once more is known."""
        self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""
        self._span.set_attributes(attributes)

    def failed(self, kind: str) -> None:
        """Mark it as failed, by a word or the class of an error."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(trace.StatusCode.ERROR)
