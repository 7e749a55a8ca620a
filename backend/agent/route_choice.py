"""Choose the route of a turn: what the caller asked for, else the router, else the model itself.

Not for: the rules by which text is judged (`routing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from backend.agent import own_documents, prompts
from backend.agent.attached_route import with_attached
from backend.agent.context import message_parts, message_text
from backend.agent.routing import STRATEGIES, RoutingInput
from backend.agent.run import Run
from backend.agent.structured import NotStructured, ask_json
from backend.ports.values import ChatMessage, Route, RouteDecision

MODEL_CONFIDENCE = 0.75


class RouteAnswer(BaseModel):
    """The model's own word on the route."""

    reason: str = ""
    route: Literal["chat", "react", "plan"]


async def choose(run: Run, messages: Sequence[ChatMessage]) -> RouteDecision:
    """Decide the route; only an unsure router with the model stage on costs a model call."""
    settled = _settled(run)
    if settled is not None and settled.route == "chat":
        return settled
    options = run.parts.options
    asked = await own_documents.at_hand(run, routing_input(messages))
    ruled = settled or with_attached(run, asked.text, STRATEGIES[options.router](asked))
    decision = await own_documents.reconsidered(run, asked, ruled)
    if run.request.tools_named and run.request.mode == "auto":
        return _with_tools(run, decision)
    if decision.confidence < options.router_model_below_confidence:
        return await _asked(run, messages, decision)
    return decision


def _with_tools(run: Run, decision: RouteDecision) -> RouteDecision:
    """Keep the tools that the caller named at hand, whatever the question looks like."""
    if decision.route == "plan" and not run.request.first_tools:
        return decision
    return RouteDecision(
        route="react", reason="the caller named the tools", confidence=1.0, by="caller"
    )


def routing_input(messages: Sequence[ChatMessage]) -> RoutingInput:
    """Give the router what it looks at: the newest user message and the one before it."""
    users = [message for message in messages if message["role"] == "user"]
    parts = message_parts(users[-1]) if users else []
    return RoutingInput(
        text=message_text(users[-1]) if users else "",
        previous_text=message_text(users[-2]) if len(users) > 1 else None,
        has_images=any(part.get("type") == "image_url" for part in parts),
    )


def _settled(run: Run) -> RouteDecision | None:
    """Give the route that the request itself decides, by the first rule that holds."""
    request, at_hand = run.request, bool(run.parts.toolbox.available)
    wants_tools = request.tool_choice != "none"
    demands_tool = request.tool_choice not in (None, "auto", "none")
    brings_servers = bool(request.remote_servers) and wants_tools
    if request.mode != "auto":
        return RouteDecision(
            route=request.mode, reason="this mode was asked for", confidence=1.0, by="caller"
        )
    if request.tools_named and wants_tools and at_hand and not brings_servers:
        return None
    form_given = request.template.response_schema is not None
    rules: Sequence[tuple[bool, Route, str]] = (
        (brings_servers, "react", "the caller brings tools of remote servers"),
        (bool(request.client_tools), "chat", "the caller brings its own tools"),
        (not wants_tools, "chat", "the caller wants no tools"),
        (demands_tool and at_hand, "react", "the caller wants a tool to be called"),
        (form_given, "chat", "the caller wants an answer of a given form"),
        (not at_hand, "chat", "no tool is available"),
        (_loops_itself(run), "chat", "the caller runs a loop of tools in words"),
    )
    return next(
        (RouteDecision(route, reason, 1.0, by="caller") for holds, route, reason in rules if holds),
        None,
    )


def _loops_itself(run: Run) -> bool:
    """Tell a caller that stops the model where a tool's result would come: it runs the tools."""
    return any("observation" in word.lower() for word in run.request.template.stop)


async def _asked(
    run: Run, messages: Sequence[ChatMessage], decision: RouteDecision
) -> RouteDecision:
    text = f"{prompts.question_block(routing_input(messages).text)}\n{prompts.ROUTE}"
    try:
        said = await ask_json(run, [{"role": "user", "content": text}], shape=RouteAnswer)
    except NotStructured:
        return decision
    reason = f"the model: {said.reason[:200]}" if said.reason else "the model decided"
    return RouteDecision(route=said.route, reason=reason, confidence=MODEL_CONFIDENCE, by="model")
