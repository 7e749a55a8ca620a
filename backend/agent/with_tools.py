"""The work of a turn that has tools: a chat that may call one, a plan, or ReAct.

Not for: plain chat and what surrounds every turn (`turn`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from backend.agent import prompts, route_choice
from backend.agent.chat import chat_or_call, demanded_call
from backend.agent.loading import AgentModules
from backend.agent.room import fitted
from backend.agent.run import Run
from backend.ports.values import ChatMessage, JsonObject, RouteDecision, ToolCall, TurnEvent


async def work(
    run: Run,
    messages: Sequence[ChatMessage],
    *,
    decision: RouteDecision,
    offered: Sequence[JsonObject],
    agents: AgentModules,
) -> None:
    """Carry out a turn on its route; a chat that was offered tools goes on as ReAct when it calls one."""
    question = route_choice.routing_input(messages).text
    calls: Sequence[ToolCall] = ()
    if offered and not run.request.client_tools:
        room = fitted(run, messages, specs=offered)
        calls = await chat_or_call(run, room, specs=offered)
        if not calls:
            return
    messages = _dated(run, messages)
    if run.request.first_tools:
        calls = await demanded_call(run, messages)
    if decision.route == "plan" and not (run.request.client_tools or calls):
        planner = await agents.load("plan_execute")
        forced = run.request.mode == "plan"
        if await planner.plan_execute(run, messages, question=question, forced=forced):
            return
        run.say(TurnEvent(type="notice", data={"notice": "nothing to plan", "route": "react"}))
    react = await agents.load("react")
    await react.react(run, messages, question=question, first=calls)


def offered(run: Run, decision: RouteDecision) -> Sequence[JsonObject]:
    """Offer tools to an auto-routed chat when the router was not sure, or the model knows nothing."""
    unsure = decision.confidence < run.parts.options.chat_tools_below_confidence
    unsure = unsure or run.model.can("extractive")
    auto = run.request.mode == "auto" and run.request.server_tools
    auto = auto and run.request.tool_choice in (None, "auto")
    native = run.model.can("tools")
    return run.parts.toolbox.specs if unsure and auto and native else ()


def _dated(run: Run, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    now = datetime.fromtimestamp(run.parts.clock.now_ms() / 1000, tz=UTC)
    return prompts.with_system(messages, prompts.today(now.strftime("%A, %Y-%m-%d")))
