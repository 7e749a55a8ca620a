"""`/health` (the process lives) and `/ready` (each dependency works)."""

from __future__ import annotations

import asyncio

import orjson
from fastapi import APIRouter, Response

from backend.api.deps import Services
from backend.ports.values import Health, JsonObject

router = APIRouter(tags=["health"])


@router.get("/health")
async def health(found: Services) -> JsonObject:
    """Tell that the server lives, and which tools and databases are off and why."""
    off = {card.name: card.unavailable for card in found.toolbox.cards if card.tool is None}
    return {
        "status": "ok",
        "version": found.options.version,
        "active_runs": len(found.turns.active),
        "tools": {"on": sorted(found.toolbox.available), "off": off},
        **{name: report() for name, report in found.reports.items()},
    }


@router.get("/ready")
async def ready(found: Services) -> Response:
    """Tell whether each dependency works; 503 when one that answers need does not."""
    names = list(found.checks)
    results: list[Health] = await asyncio.gather(*(found.checks[name]() for name in names))
    checks = {
        name: {"ok": one.ok, "detail": one.detail, "fix": one.fix}
        for name, one in zip(names, results, strict=True)
    }
    database_ok = checks.get("database", {"ok": True})["ok"]
    models_ok = any(checks[name]["ok"] for name in names if name.startswith("model:"))
    is_ready = bool(database_ok and models_ok)
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    status = 200 if is_ready else 503
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")
