"""Choose the route of a turn: what the caller asked for, else the router, else the model itself.

Not for: the rules by which text is judged (`routing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from backend.agent import own_documents, prompts
from backend.agent.context import message_parts, message_text
from backend.agent.routing import STRATEGIES, RoutingInput
from backend.agent.run import Run
from backend.agent.structured import NotStructured, ask_json
from backend.ports.values import ChatMessage, RouteDecision

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
    ruled = settled or STRATEGIES[options.router](asked)
    decision = await own_documents.reconsidered(run, asked, ruled)
    if decision.confidence < options.router_model_below_confidence:
        return await _asked(run, messages, decision)
    return decision


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
    request = run.request
    if request.mode != "auto":
        reason = "asked for by the caller"
        return RouteDecision(route=request.mode, reason=reason, confidence=1.0)
    if request.remote_servers and request.tool_choice != "none":
        reason = "the caller brings tools of remote servers"
        return RouteDecision(route="react", reason=reason, confidence=1.0)
    if request.client_tools:
        reason = "the caller brings its own tools"
    elif request.tool_choice == "none":
        reason = "the caller wants no tools"
    elif request.template.response_schema is not None:
        reason = "the caller wants an answer of a given form"
    elif not run.parts.toolbox.available:
        reason = "no tool is available"
    else:
        return None
    return RouteDecision(route="chat", reason=reason, confidence=1.0)


async def _asked(
    run: Run, messages: Sequence[ChatMessage], decision: RouteDecision
) -> RouteDecision:
    text = f"{prompts.question_block(routing_input(messages).text)}\n{prompts.ROUTE}"
    try:
        said = await ask_json(run, [{"role": "user", "content": text}], shape=RouteAnswer)
    except NotStructured:
        return decision
    reason = f"the model: {said.reason[:200]}" if said.reason else "the model decided"
    return RouteDecision(route=said.route, reason=reason, confidence=MODEL_CONFIDENCE)
