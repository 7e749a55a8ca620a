"""A receiver of spans over OTLP/HTTP, and what came."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.fakes.faulty_server import FaultyServer

FAILED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSpan:
    """One span as it came."""

    name: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    attributes: dict[str, Any] = field(default_factory=dict)


class OtlpDouble(FaultyServer):
    """Takes spans; `raw` is all that came, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[SeenSpan] = []
        self.raw = ""
        self.authorization = ""
        self.post("/v1/traces", self._take)

    def named(self, name: str) -> list[SeenSpan]:
        return [one for one in self.spans if one.name == name]

    def where(self, holds: Callable[[SeenSpan], bool]) -> list[SeenSpan]:
        return [one for one in self.spans if holds(one)]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.headers.get("content-encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.authorization = request.headers.get("authorization", "")
        asked = ExportTraceServiceRequest.FromString(body)
        self.raw += str(asked)
        for resource in asked.resource_spans:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += [_seen(span, str(about["service.name"])) for span in scope.spans]
        content = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=content, content_type="application/x-protobuf")


def _seen(span: Any, service: str) -> SeenSpan:
    return SeenSpan(
        name=span.name,
        service=service,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        failed=span.status.code == FAILED,
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)
