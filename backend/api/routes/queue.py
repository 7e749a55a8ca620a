"""`/api/queue`: how busy models and model servers are, and where one stands."""

from __future__ import annotations

from fastapi import APIRouter

from backend.api.deps import Account, Services
from backend.models.queue import QueueOut, ServerOut, TrafficOut

router = APIRouter(prefix="/api/queue", tags=["queue"])


@router.get("")
async def queue(account: Account, found: Services) -> TrafficOut:
    """Tell how long the queues of models are in this process; administrators see users and servers."""
    account.require("chat")
    whole = account.user.role == "admin" and (not account.scopes or "admin" in account.scopes)
    traffic = found.traffic
    queues = traffic.queues() if traffic is not None else ()
    servers = traffic.servers() if traffic is not None else ()
    return TrafficOut(
        models=[QueueOut.of(one, user_id=account.user.id, whole=whole) for one in queues],
        servers=[ServerOut.of(one) for one in servers] if whole else None,
    )
