"""ReAct: think, act, observe, until the question is answered (LangGraph).

Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models",
https://arxiv.org/abs/2210.03629. A step with a call that needs the user's word goes act -> approve
-> act: the node that interrupts does nothing else, since it is run again. Nodes publish to the
run's log themselves; the graph carries the state from step to step and checkpoints it.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import orjson
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from backend.agent import progress, prompts, resume, text_protocol
from backend.agent.acting import act, decided, read_arguments
from backend.agent.answer_sink import AnswerSink
from backend.agent.answering import answer, call_or_answer_apart
from backend.agent.asking import Ask, Decision, with_own_ids
from backend.agent.client_calls import (
    callers,
    client_tools,
    demanded,
    demanded_tools,
    known_calls,
    name_of,
    one_or_all,
)
from backend.agent.context import message_text
from backend.agent.graphs import NOTHING, Beside, asked, invoke, newer
from backend.agent.reply import CUT, Reply, ask
from backend.agent.room import fitted
from backend.agent.run import Run
from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.toolbox import CallOutcome, parameter_names
from backend.kit.fences import bare, fenced
from backend.kit.waiting import side_by_side
from backend.ports.values import ChatMessage, JsonObject, ToolCall, TurnEvent


class ReactState(TypedDict):
    """What a ReAct run has done so far; plain values only, for the checkpoint.

    `seen` counts each distinct call; `closing` says why no more calls may be made. `held` is a step
    that waits for the user: `asks` and `told` (results there are already) by call, then `decisions`.
    """

    messages: Annotated[list[ChatMessage], operator.add]
    calls: list[ToolCall]
    client_calls: list[ToolCall]
    iteration: int
    seen: dict[str, dict[str, Any]]
    closing: str
    held: dict[str, dict[str, Any]]
    beside: Annotated[Beside, newer]


@dataclass(frozen=True, slots=True)
class ReactContext:
    """What the nodes work with and the checkpoint does not keep."""

    run: Run
    base: Sequence[ChatMessage]
    question: str
    specs: Sequence[JsonObject]


async def react(
    run: Run,
    messages: Sequence[ChatMessage],
    *,
    question: str,
    first: Sequence[ToolCall] = (),
) -> None:
    """Answer with tools; `first` are calls the model has already asked for."""
    base = prompts.with_system(messages, _instruction(run))
    ours, theirs = await _shared_out(run, messages, first, used=set())
    said: ChatMessage = {"role": "assistant", "content": None, "tool_calls": [*ours, *theirs]}
    start: ReactState = {
        "messages": [said] if first else [],
        "calls": ours,
        "client_calls": theirs,
        "iteration": 0,
        "seen": {},
        "closing": "",
        "held": {},
        "beside": NOTHING,
    }
    await progress.begin(run, _pause(base, question))
    await _run(run, start, base=base, question=question)


async def go_on(run: Run, decisions: Mapping[str, Decision], *, after_crash: bool = False) -> None:
    """Go on from where the run asked the user, with what was decided of each call; or from a crash."""
    base, question = run.pause["base"], run.pause["question"]
    start: Command[Any] | None = Command(resume=dict(decisions))
    if after_crash:
        held = await asked(run, "react", _builder)
        start = start if held and all(ask["call_id"] in decisions for ask in held) else None
    await _run(run, start, base=base, question=question)


def _pause(base: Sequence[ChatMessage], question: str) -> JsonObject:
    return {"graph": "react", "base": list(base), "question": question}


async def _run(
    run: Run,
    start: ReactState | Command[Any] | None,
    *,
    base: Sequence[ChatMessage],
    question: str,
) -> None:
    theirs = client_tools(run)
    taken = set(map(name_of, run.request.client_tools))
    specs = [*(one for one in run.parts.toolbox.specs if name_of(one) not in taken), *theirs]
    context = ReactContext(run=run, base=base, question=question, specs=specs)
    limit = 2 * run.parts.options.react_max_iterations + 5
    end = await invoke(run, "react", _builder, start, context=context, recursion_limit=limit)
    run.transcript = end["messages"]
    if run.asks:
        run.pause = _pause(base, question)
    elif end["client_calls"]:
        run.client_calls = tuple(end["client_calls"])
        run.finish_reason = "tool_calls"


def _builder() -> StateGraph[ReactState, ReactContext]:
    builder: StateGraph[ReactState, ReactContext] = StateGraph(
        ReactState, context_schema=ReactContext
    )
    builder.add_node("think", progress.noted(think))
    builder.add_node("act", progress.noted(observe))
    builder.add_node("approve", approve)
    builder.add_conditional_edges(START, _after_start)
    builder.add_conditional_edges("think", _after_think)
    builder.add_conditional_edges("act", _after_act)
    builder.add_edge("approve", "act")
    return builder


async def _after_start(state: ReactState) -> str:
    if state["calls"]:
        return "act"
    return END if state["client_calls"] else "think"


async def _after_think(state: ReactState) -> str:
    return "act" if state["calls"] else END


async def _after_act(state: ReactState) -> str:
    if state["held"]:
        return "approve"
    return END if state["client_calls"] else "think"


async def think(state: ReactState, runtime: Runtime[ReactContext]) -> dict[str, Any]:
    """Let the model speak: it asks for calls, or its text is the answer."""
    context = runtime.context
    run = context.run
    closing = state["closing"]
    if not closing and state["iteration"] >= run.parts.options.react_max_iterations:
        closing = "cap"
    messages = fitted(run, [*context.base, *state["messages"]], specs=context.specs)
    must = demanded_tools(run, called=state["iteration"] > 0)
    if must:
        reply = await _demanded(context, messages, must, closing=closing)
    elif closing:
        await _close(run, messages, closing=closing)
        return {"calls": [], "closing": closing}
    else:
        reply = await _decide(context, messages)
    if not reply.tool_calls:
        if not reply.content and run.finish_reason not in CUT:
            await _close(run, messages, closing="empty")
        return {"calls": []}
    calls = one_or_all(run, _bent_right(reply.tool_calls, context.specs))
    used = {call["id"] for one in state["messages"] for call in one.get("tool_calls") or ()}
    ours, theirs = await _shared_out(run, messages, calls, used=used)
    message: ChatMessage = {
        "role": "assistant",
        "content": reply.content or None,
        "tool_calls": [*ours, *theirs],
    }
    return {
        "messages": [message],
        "calls": ours,
        "client_calls": theirs,
    }


async def _shared_out(
    run: Run, messages: Sequence[ChatMessage], calls: Sequence[ToolCall], *, used: set[str]
) -> tuple[list[ToolCall], list[ToolCall]]:
    """Tell our calls from the caller's, each with ids of its kind."""
    theirs = resume.named(run.id, await callers(run, messages, calls))
    client = set(map(name_of, client_tools(run)))
    return with_own_ids([it for it in calls if name_of(it) not in client], used), theirs


async def observe(state: ReactState, runtime: Runtime[ReactContext]) -> dict[str, Any]:
    """Carry out the calls side by side; a repeated call is answered from its first result.

    When one needs the user's word, the others are made, and the step is held until it is there.
    """
    context = runtime.context
    held = state["held"]
    seen = dict(state["seen"])
    fresh: dict[str, ToolCall] = {}
    closing = state["closing"]
    for call in state["calls"]:
        key = signature(call)
        count = seen.get(key, {"count": 0, "text": ""})
        seen[key] = {**count, "count": count["count"] + 1}
        if count["count"] == 0:
            fresh.setdefault(key, call)
        if count["count"] >= 2:
            closing = "repeat"
    told = await _settle(context, held) if held else await _act(context, fresh)
    asks = {key: found for key, found in told.items() if not isinstance(found, str)}
    texts = {key: found for key, found in told.items() if isinstance(found, str)}
    if asks:
        return {"held": {"asks": asks, "told": texts}}
    for key, text in texts.items():
        seen[key] = {**seen[key], "text": text}
    messages: list[ChatMessage] = []
    for call in state["calls"]:
        key = signature(call)
        repeats = fresh.get(key) is not call
        messages.append(tool_message(call, seen[key]["text"], repeats=repeats))
    return {
        "messages": messages,
        "calls": [],
        "seen": seen,
        "iteration": state["iteration"] + 1,
        "closing": closing,
        "held": {},
    }


async def _act(context: ReactContext, fresh: Mapping[str, ToolCall]) -> dict[str, str | Ask]:
    """Make the calls; what they brought, or what to ask, by call."""
    run, question = context.run, context.question
    tainted = run.tainted  # before any of them brings something
    found = await side_by_side(
        act(run, call, question=question, tainted=tainted) for call in fresh.values()
    )
    return {
        key: _text(context, call, one) if isinstance(one, CallOutcome) else one
        for (key, call), one in zip(fresh.items(), found, strict=True)
    }


def _text(context: ReactContext, call: ToolCall, outcome: CallOutcome) -> str:
    """Give a result; to a name that nobody has, the caller's tools belong too."""
    theirs = [name_of(spec) for spec in client_tools(context.run)]
    known = {name_of(spec) for spec in context.specs}
    if not theirs or name_of(call) in known:
        return outcome.text
    return f"{outcome.text} The caller's tools are: {', '.join(theirs)}."


async def _settle(
    context: ReactContext, held: Mapping[str, Mapping[str, Any]]
) -> dict[str, str | Ask]:
    """Make or refuse the calls that were held, as the user decided."""
    asks: Mapping[str, Ask] = held["asks"]
    decisions: Mapping[str, Decision] = held["decisions"]
    found = await side_by_side(
        decided(context.run, ask, decisions[ask["call_id"]]) for ask in asks.values()
    )
    texts = {key: one.text for key, one in zip(asks, found, strict=True)}
    return {**held["told"], **texts}


async def approve(state: ReactState) -> dict[str, Any]:
    """Stop until the user has decided about every call that is held."""
    held = state["held"]
    return {"held": {**held, "decisions": interrupt(list(held["asks"].values()))}}


def signature(call: ToolCall) -> str:
    """Give what makes two calls the same: the tool and its arguments, whatever their order."""
    arguments = read_arguments(call["function"]["arguments"])
    packed = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS, default=str).decode()
    return f"{call['function']['name']}:{packed}"


def tool_message(call: ToolCall, text: str, *, repeats: bool = False) -> ChatMessage:
    """Give a call's result as a message, fenced as data."""
    name = call["function"]["name"]
    content = fenced(text, source=name)
    if repeats:
        content = f"You made this very call before. Its result was:\n{content}"
    return {"role": "tool", "tool_call_id": call["id"], "name": name, "content": content}


async def _decide(context: ReactContext, messages: Sequence[ChatMessage]) -> Reply:
    run = context.run
    template = run.request.template
    if not context.specs:
        return await answer(run, messages)
    if not run.model.can("tools"):
        call = await text_protocol.decide(run, messages, specs=context.specs)
        return Reply(tool_calls=(call,)) if call else await answer(run, messages)
    if template.response_schema is not None or template.stop:
        return await call_or_answer_apart(run, messages, specs=context.specs)
    reply = await _speak(context, messages)
    silent = not reply.tool_calls and not reply.content
    if silent and reply.finish_reason == "length":
        return await call_or_answer_apart(run, messages, specs=context.specs)
    return reply


async def _demanded(
    context: ReactContext,
    messages: Sequence[ChatMessage],
    must: Sequence[JsonObject],
    *,
    closing: str,
) -> Reply:
    """Get a call while the caller demands one: any at first, then one of those that will do."""
    run = context.run
    if run.model.can("tools") and not closing:
        gate = CallTextGate(tools=parameter_names(context.specs))
        asked = prompts.with_system(messages, prompts.must_end_in([*map(name_of, must)]))
        reply = await ask(run, run.inner_request(asked, tools=context.specs), show=gate.feed)
        written = text_protocol.as_calls(gate.close()[1].calls)
        calls = known_calls(reply.tool_calls or written, context.specs)
        if calls:
            return Reply(tool_calls=tuple(calls))
    return Reply(tool_calls=tuple(await demanded(run, messages, must)))


def _bent_right(calls: Sequence[ToolCall], specs: Sequence[JsonObject]) -> list[ToolCall]:
    """Give calls their tools' true names; the model is told later of one that nobody has."""
    return [next(iter(known_calls([call], specs)), call) for call in calls]


async def _speak(context: ReactContext, messages: Sequence[ChatMessage]) -> Reply:
    """Let the model call or answer in one go; the reply has content when something was shown."""
    run = context.run
    sink = AnswerSink(run, tools=parameter_names(context.specs))
    reply = await ask(run, run.model_request(messages, tools=context.specs), show=sink.feed)
    written = sink.close(has_calls=bool(reply.tool_calls))
    reply.tool_calls = reply.tool_calls or text_protocol.as_calls(written)
    run.finish_reason = reply.finish_reason if not reply.tool_calls else "stop"
    reply.content = "" if sink.silent else reply.content
    return reply


def _instruction(run: Run) -> str:
    return prompts.with_documents(prompts.REACT, about_documents=run.about_documents)


async def _close(run: Run, messages: Sequence[ChatMessage], *, closing: str) -> None:
    """Make the model answer without tools; when it stays silent, answer with what was found."""
    run.say(TurnEvent(type="notice", data={"closing": closing}))
    asked: list[ChatMessage] = [
        *messages,
        {"role": "user", "content": prompts.CLOSING[closing]},
    ]
    reply = await answer(run, asked)
    if reply.content or reply.finish_reason in CUT:
        return
    found = [bare(message_text(one)) for one in messages if one["role"] == "tool"]
    last = found[-1] if found else "Nothing was found."
    run.log.add(f"The model gave no answer. The last result was:\n\n{last}")
