"""Send what was made for a client, without building validators for it when the application starts."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from backend.models.shown import Answer


def answered(made: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """Send an answer; what was not set is left out."""
    body = made.model_dump_json(exclude_unset=True)
    return Response(body, media_type="application/json", headers=dict(headers or {}))
