"""`/api/tools`: what this server's tools are, trying one by hand, and what they were used for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.agent.policy import DENIED, Caller
from backend.agent.run import artifact_object, citation_object
from backend.api.deps import Account, Services
from backend.api.safe_json import SafeRoute
from backend.errors import NotAllowed, NotFound, Unavailable
from backend.models.sessions import ToolOut, ToolSums, ToolTried, ToolTry, ToolUse
from backend.ports.accounts import Principal
from backend.ports.tools import ToolContext

router = APIRouter(prefix="/api/tools", tags=["tools"], route_class=SafeRoute)


@router.get("")
async def list_tools(account: Account, found: Services) -> list[ToolOut]:
    """List every tool found, why one is off, and what the rules say of it for the caller."""
    caller = _caller(account)
    denied = found.policy.denied(caller, found.toolbox.cards)
    return [
        ToolOut(
            name=card.name,
            description=card.description,
            parameters=card.parameters(),
            touches=sorted(card.touches),
            available=card.tool is not None and card.name not in denied,
            unavailable=card.unavailable or denied.get(card.name, ""),
            approval=found.policy.verdict(caller, card),
        )
        for card in found.toolbox.cards
    ]


@router.get("/usage")
async def tool_usage(
    account: Account,
    found: Services,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    tool: Annotated[str, Query(max_length=100)] = "",
    run_id: Annotated[str, Query(max_length=100)] = "",
    *,
    everyone: bool = False,
) -> list[ToolUse]:
    """List one's own tool calls, newest first; an administrator may ask for everyone's."""
    user_id = _whose(account, everyone=everyone)
    rows = await found.audit.list(user_id, limit=limit, tool=tool, run_id=run_id)
    return [ToolUse.of(row) for row in rows]


@router.get("/usage/totals")
async def tool_totals(
    account: Account, found: Services, *, everyone: bool = False
) -> list[ToolSums]:
    """Sum up one's own tool calls per tool and outcome; an administrator may ask for everyone's."""
    user_id = _whose(account, everyone=everyone)
    return [ToolSums.of(one) for one in await found.audit.totals(user_id)]


def _whose(account: Principal, *, everyone: bool) -> str | None:
    account.require("admin" if everyone else "chat")
    return None if everyone else account.user.id


def _caller(account: Principal) -> Caller:
    return Caller(username=account.user.username, role=account.user.role)


@router.post("/{name}")
async def try_tool(name: str, body: ToolTry, account: Account, found: Services) -> ToolTried:
    """Call one tool by hand with the given arguments; who does so need not be asked."""
    account.require(f"tools:{name}")
    card = next((card for card in found.toolbox.cards if card.name == name), None)
    if card is None:
        raise NotFound("There is no such tool")
    if found.policy.verdict(_caller(account), card.for_call(body.arguments)) == "deny":
        msg = f"You may not use {name}: {DENIED}"
        raise NotAllowed(msg)
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
        artifacts=[artifact_object(it, found.artifacts.link(it)) for it in outcome.artifacts]
        if found.artifacts is not None
        else [],
        duration_ms=outcome.duration_ms,
    )
