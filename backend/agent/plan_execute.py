"""Plan-and-execute: plan, run independent steps side by side, judge, fill the gaps, answer.

A LangGraph graph: plan -> dispatch -> step (one branch per ready step) -> dispatch ... -> verify ->
plan again with what is missing, or answer. A step whose call needs the user's word gives back its
prepared call; when nothing else is left to do, dispatch -> approve asks for all of them at once.
After Kim et al., "An LLM Compiler for Parallel Function Calling",
https://arxiv.org/abs/2312.04511, with a verdict before the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from backend.agent import answering, progress, prompts
from backend.agent.acting import Arguments, act, decided
from backend.agent.asking import Decision
from backend.agent.context import message_parts
from backend.agent.graphs import NOTHING, asked, invoke
from backend.agent.plan import (
    Plan,
    Step,
    Verdict,
    placeholders,
    plan_schema,
    ready,
    sound,
    substituted,
)
from backend.agent.plan_state import PlanContext, PlanState, StepResult, StepState
from backend.agent.react import react, tool_message
from backend.agent.reply import CUT
from backend.agent.room import fitted
from backend.agent.run import Run
from backend.agent.run_log import Thought
from backend.agent.structured import NotStructured, ask_json
from backend.agent.toolbox import CallOutcome, cut
from backend.errors import ContextTooLong
from backend.kit.fences import defused
from backend.kit.ids import id_within
from backend.ports.values import ChatMessage, JsonObject, ToolCall, TurnEvent

RESULT_CHARS = 8_000
LEAST_CHARS = 200
RESULTS_BYTES_PER_TOKEN = 1.2  # a third of the window, at 3.6 bytes per token


async def plan_execute(
    run: Run, messages: Sequence[ChatMessage], *, question: str, forced: bool
) -> bool:
    """Answer by a plan; False when there is nothing to plan, with nothing said yet.

    `forced` keeps to the plan even when it has a single step.
    """
    start: PlanState = {
        "steps": [],
        "results": {},
        "round": 0,
        "missing": [],
        "outcome": "",
        "held": {},
        "decisions": {},
        "tainted": run.tainted,
        "beside": NOTHING,
    }
    context = PlanContext(run=run, messages=messages, question=question, forced=forced)
    await progress.begin(run, _pause(context))
    return await _run(context, start)


async def go_on(run: Run, decisions: Mapping[str, Decision], *, after_crash: bool = False) -> None:
    """Go on from where the run asked the user, with what was decided of each call; or from a crash."""
    pause = run.pause
    context = PlanContext(
        run=run, messages=pause["base"], question=pause["question"], forced=pause["forced"]
    )
    start: Command[Any] | None = Command(resume=dict(decisions))
    if after_crash:
        held = await asked(run, "plan", _builder)
        start = start if held and all(ask["call_id"] in decisions for ask in held) else None
    if not await _run(context, start):
        await react(run, context.messages, question=context.question)


def _pause(context: PlanContext) -> JsonObject:
    return {
        "graph": "plan_execute",
        "base": list(context.messages),
        "question": context.question,
        "forced": context.forced,
    }


async def _run(context: PlanContext, start: PlanState | Command[Any] | None) -> bool:
    run, options = context.run, context.run.parts.options
    limit = options.plan_max_rounds * (2 * options.plan_max_steps + 4) + 5
    end = await invoke(run, "plan", _builder, start, context=context, recursion_limit=limit)
    if run.asks:
        run.pause = _pause(context)
        return True
    return end["outcome"] == "answered"


def _builder() -> StateGraph[PlanState, PlanContext]:
    builder: StateGraph[PlanState, PlanContext] = StateGraph(PlanState, context_schema=PlanContext)
    builder.add_node("plan", progress.noted(make_plan))
    builder.add_node("dispatch", dispatch)
    builder.add_node("step", progress.noted(run_step))
    builder.add_node("approve", approve)
    builder.add_node("verify", progress.noted(verify))
    builder.add_node("answer", progress.noted(answer))
    builder.add_edge(START, "plan")
    builder.add_conditional_edges("plan", _after_plan)
    builder.add_conditional_edges("dispatch", _branches, ["step", "approve", "verify"])
    builder.add_edge("step", "dispatch")
    builder.add_edge("approve", "dispatch")
    builder.add_conditional_edges("verify", _after_verify)
    builder.add_edge("answer", END)
    return builder


async def make_plan(state: PlanState, runtime: Runtime[PlanContext]) -> dict[str, Any]:
    """Plan the question, or only what the last verdict found missing."""
    context = runtime.context
    run = context.run
    number = state["round"] + 1
    options = run.parts.options
    specs = run.parts.toolbox.specs
    text = prompts.question_block(context.question)
    if state["missing"]:
        text = (
            f"{text}\n{_results(run, state['results'])}\n{prompts.missing_block(state['missing'])}"
        )
    planning = prompts.with_documents(prompts.PLAN, about_documents=run.about_documents)
    instruction = f"{planning}\nThe tools:\n{prompts.tool_list(specs)}"
    try:
        raw = await ask_json(
            run,
            _asking(context, instruction, text),
            shape=Plan,
            schema=plan_schema(specs, max_steps=options.plan_max_steps),
        )
    except (NotStructured, ContextTooLong):
        raw = Plan(steps=[])
    steps = sound(
        raw,
        round_number=number,
        tools=run.parts.toolbox.available,
        done=state["results"],
        earlier=[one for one in state["steps"] if _state(one["id"], state["results"]) == "ok"],
        max_steps=options.plan_max_steps,
    )
    enough = len(steps) > 1 or (len(steps) == 1 and (context.forced or number > 1))
    if not enough and number == 1:
        return {"steps": [], "round": number, "outcome": "nothing to plan"}
    if not steps:
        return {"round": number, "missing": [], "outcome": "nothing more to do"}
    lines = "".join(
        f"{at}. {step['purpose']} ({step['tool']})\n" for at, step in enumerate(steps, 1)
    )
    run.say(TurnEvent(type="plan", text=f"Plan:\n{lines}", data={"round": number, "steps": steps}))
    return {"steps": [*state["steps"], *steps], "round": number}


async def _after_plan(state: PlanState) -> str:
    ways = {"nothing to plan": END, "nothing more to do": "answer"}
    return ways.get(state["outcome"], "dispatch")


async def dispatch(state: PlanState, runtime: Runtime[PlanContext]) -> dict[str, Any]:
    """Join the branches before the next ones start."""
    return {"round": state["round"], "tainted": runtime.context.run.tainted}


async def _branches(state: PlanState) -> list[Send] | str:
    steps = ready(state["steps"], state["results"])
    if not steps:
        return "verify"
    sends = [sent for step in steps if (sent := _branch(state, step)) is not None]
    return sends or "approve"


def _branch(state: PlanState, step: Step) -> Send | None:
    """Start a step, unless its call still waits for the user."""
    given: StepState = {"step": step, "results": state["results"], "tainted": state["tainted"]}
    ask = state["held"].get(step["id"])
    if ask is not None:
        decision = state["decisions"].get(ask["call_id"])
        return Send("step", {**given, "ask": ask, "decision": decision}) if decision else None
    return Send("step", given)


async def approve(state: PlanState) -> dict[str, Any]:
    """Stop until the user has decided about every call that is held."""
    waiting = [ask for step, ask in state["held"].items() if step not in state["results"]]
    return {"decisions": interrupt(waiting)}


async def run_step(state: StepState, runtime: Runtime[PlanContext]) -> dict[str, Any]:
    """Run one step: fill its input from what it depends on, call the tool, keep the result."""
    context = runtime.context
    run = context.run
    step = state["step"]
    if "ask" in state and "decision" in state:
        outcome = await decided(run, state["ask"], state["decision"])
        ask = state["ask"]
        return _called(run, step, _call(step, ask["arguments"], ask["call_id"]), outcome)
    failed = [one for one in step["depends_on"] if _state(one, state["results"]) != "ok"]
    if failed:
        text = f"Not done: it needs {', '.join(failed)}, which failed."
        return _result(run, step, state="failed", text=text)
    run.say(TurnEvent(type="step", data={"id": step["id"], "state": "running"}))
    arguments = step["input"]
    if placeholders(arguments) and step["depends_on"]:
        arguments = await _filled(context, step, state["results"])
    call = _call(step, arguments, id_within("call", run.id, step["id"]))
    question = step["purpose"] or context.question
    outcome = await act(run, call, question=question, tainted=state["tainted"])
    if not isinstance(outcome, CallOutcome):
        run.say(TurnEvent(type="step", data={"id": step["id"], "state": "waiting"}))
        return {"held": {step["id"]: outcome}}
    return _called(run, step, call, outcome)


def _call(step: Step, arguments: JsonObject, call_id: str) -> ToolCall:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": step["tool"], "arguments": orjson.dumps(arguments).decode()},
    }


def _called(run: Run, step: Step, call: ToolCall, outcome: CallOutcome) -> dict[str, Any]:
    """Keep what a step's call brought."""
    done = "ok" if outcome.outcome == "ok" else "failed"
    run.transcript.extend([
        {"role": "assistant", "content": None, "tool_calls": [call]},
        tool_message(call, outcome.text),
    ])
    return _result(run, step, state=done, text=outcome.text)


def _result(run: Run, step: Step, *, state: str, text: str) -> dict[str, Any]:
    run.say(TurnEvent(type="step", data={"id": step["id"], "state": state}))
    result: StepResult = {
        "purpose": step["purpose"],
        "tool": step["tool"],
        "state": state,
        "text": cut(text, max_chars=RESULT_CHARS),
    }
    return {"results": {step["id"]: result}}


def _state(step_id: str, results: Mapping[str, StepResult]) -> str:
    return results[step_id]["state"] if step_id in results else ""


async def _filled(
    context: PlanContext, step: Step, results: dict[str, StepResult]
) -> dict[str, Any]:
    run = context.run
    card = run.parts.toolbox.available[step["tool"]]
    needed = {one: results[one] for one in step["depends_on"] if one in results}
    draft = defused(orjson.dumps(step["input"]).decode())
    text = (
        f"{prompts.question_block(context.question)}\n{_results(run, needed)}\n"
        f"{prompts.purpose_block(step['purpose'])}\nThe input so far: {draft}"
    )
    schema = {**card.parameters(), "title": "ToolInput"}
    asked: list[ChatMessage] = [
        {"role": "system", "content": prompts.TOOL_INPUT},
        {"role": "user", "content": text},
    ]
    try:
        return (await ask_json(run, asked, shape=Arguments, schema=schema)).root
    except NotStructured:
        texts = {one: result["text"] for one, result in needed.items()}
        return substituted(step["input"], texts)


async def verify(state: PlanState, runtime: Runtime[PlanContext]) -> dict[str, Any]:
    """Reason over the results and give a typed verdict: passed, or what is missing."""
    context = runtime.context
    run = context.run
    text = f"{prompts.question_block(context.question)}\n{_results(run, state['results'])}"
    last_round = state["round"] >= run.parts.options.plan_max_rounds
    try:
        verdict = await ask_json(run, _asking(context, prompts.VERDICT, text), shape=Verdict)
    except (NotStructured, ContextTooLong):
        verdict = Verdict(reasoning="", passed=True)
    if verdict.reasoning:
        run.log.add(Thought(verdict.reasoning.rstrip() + "\n"))
    missing = [] if verdict.passed else [gap for gap in verdict.missing if gap.strip()]
    run.say(
        TurnEvent(
            type="verdict",
            text="" if not missing else "Still missing: " + "; ".join(missing) + "\n",
            data={"round": state["round"], "passed": verdict.passed, "missing": missing},
        )
    )
    return {"missing": [] if last_round else missing}


async def _after_verify(state: PlanState) -> str:
    return "plan" if state["missing"] else "answer"


async def answer(state: PlanState, runtime: Runtime[PlanContext]) -> dict[str, Any]:
    """Stream the answer from the results."""
    context = runtime.context
    run = context.run
    text = f"{context.question}\n\n{_results(run, state['results'])}"
    reply = await answering.answer(run, _asking(context, prompts.ANSWER_FROM_RESULTS, text))
    if not reply.content and reply.finish_reason not in CUT:
        found = "\n\n".join(result["text"] for result in state["results"].values())
        run.log.add(f"The model gave no answer. The results were:\n\n{found}")
    return {"outcome": "answered"}


def _asking(context: PlanContext, instruction: str, text: str) -> list[ChatMessage]:
    """Put an instruction before the conversation, and `text` in the place of its question's words."""
    earlier, shown = list(context.messages), list[JsonObject]()
    if earlier[-1]["role"] == "user":
        shown = [part for part in message_parts(earlier.pop()) if part["type"] != "text"]
    content = [*shown, {"type": "text", "text": text}] if shown else text
    asked = prompts.with_system([*earlier, {"role": "user", "content": content}], instruction)
    return fitted(context.run, asked)


def _results(run: Run, results: Mapping[str, StepResult]) -> str:
    """Write results as data, each with its share of what the model's context can take."""
    share = int(run.model.context_tokens * RESULTS_BYTES_PER_TOKEN) // max(1, len(results))
    return "\n".join(
        prompts.result_block(
            step_id,
            purpose=result["purpose"],
            state=result["state"],
            text=cut(result["text"], max_chars=max(LEAST_CHARS, _chars(result["text"], share))),
        )
        for step_id, result in results.items()
    )


def _chars(text: str, size: int) -> int:
    return size * len(text) // max(1, len(text.encode("utf-8", "replace")))
