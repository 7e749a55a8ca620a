"""`GET /metrics`: figures for Prometheus, for whoever has the token of it or is an administrator."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api.deps import Services, authenticate

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, found: Services) -> Response:
    """Give the figures in Prometheus's text format, or in OpenMetrics for a client that asks for it.

    Takes the token of the setting METRICS__TOKEN, or what an administrator logs in with.
    """
    if not _opens(request, found.inside.metrics_token):
        caller = await authenticate(request)
        caller.require("admin")
    accept = request.headers.get("accept", "")
    content, media_type = await found.inside.metrics.render(accept)
    return Response(content, headers={"content-type": media_type})


def _opens(request: Request, token: str) -> bool:
    """Tell whether the request brings the token, in a time that does not depend on how much of it fits."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())
