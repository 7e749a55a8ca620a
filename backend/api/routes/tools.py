"""`/api/tools`: what this server's tools are, trying one by hand, and what they were used for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.agent.run import citation_object
from backend.api.deps import Account, Services
from backend.api.safe_json import SafeRoute
from backend.errors import NotFound, Unavailable
from backend.models.sessions import ToolOut, ToolTried, ToolTry, ToolUse
from backend.ports.tools import ToolContext

router = APIRouter(prefix="/api/tools", tags=["tools"], route_class=SafeRoute)


@router.get("")
async def list_tools(_: Account, found: Services) -> list[ToolOut]:
    """List every tool found, and why one is off."""
    return [
        ToolOut(
            name=card.name,
            description=card.description,
            parameters=card.parameters(),
            touches=sorted(card.touches),
            available=card.tool is not None,
            unavailable=card.unavailable,
        )
        for card in found.toolbox.cards
    ]


@router.get("/usage")
async def tool_usage(
    account: Account,
    found: Services,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    *,
    everyone: bool = False,
) -> list[ToolUse]:
    """List one's own tool calls, newest first; an administrator may ask for everyone's."""
    account.require("admin" if everyone else "chat")
    user_id = None if everyone else account.user.id
    return [ToolUse.of(row) for row in await found.audit.list(user_id, limit=limit)]


@router.post("/{name}")
async def try_tool(name: str, body: ToolTry, account: Account, found: Services) -> ToolTried:
    """Call one tool by hand with the given arguments."""
    account.require(f"tools:{name}")
    card = next((card for card in found.toolbox.cards if card.name == name), None)
    if card is None:
        raise NotFound("There is no such tool")
    if card.tool is None:
        raise Unavailable(card.unavailable)
    user = account.user
    context = ToolContext(user_id=user.id, username=user.username, role=user.role)
    outcome = await found.toolbox.call(name, body.arguments, context)
    return ToolTried(
        outcome=outcome.outcome,
        text=outcome.text,
        data=outcome.data,
        citations=[citation_object(one) for one in outcome.citations],
        duration_ms=outcome.duration_ms,
    )
