"""Plan-and-execute runs over a scripted model: parallel steps, dependencies, verdicts, gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from backend.agent.plan import Plan, plan_schema, ready, sound
from backend.ports.models import ModelRequest
from backend.ports.values import TurnEvent
from tests.fakes.turns import Make


def step(step_id: str, numbers: Any, *, after: tuple[str, ...] = ()) -> dict[str, Any]:
    """Write a step of the `add` tool."""
    return {
        "id": step_id,
        "purpose": f"sum {step_id}",
        "tool": "add",
        "input": {"numbers": numbers},
        "depends_on": list(after),
    }


def planner(
    *plans: list[dict[str, Any]], verdicts: tuple[dict[str, Any], ...] = ({"passed": True},)
) -> Callable[[ModelRequest], Any]:
    """Script a model: its plans in order, its verdicts in order, then an answer of all results."""
    next_plan, next_verdict = iter(plans), iter(verdicts)

    def script(request: ModelRequest) -> Any:
        asked = str(request.messages[-1].get("content"))
        schema = request.response_schema
        if not isinstance(schema, dict):
            sums = [line for line in asked.splitlines() if line.startswith("the sum")]
            return "; ".join(sums) or "nothing"
        if schema["title"] == "Plan":
            return orjson.dumps({"steps": next(next_plan)}).decode()
        if schema["title"] == "Verdict":
            return orjson.dumps(next(next_verdict)).decode()
        return '{"numbers": [3, 7]}'

    return script


def kinds(run: Any) -> list[str]:
    """Give the kinds of a run's events in order."""
    return [one.type for one in run.log.items if isinstance(one, TurnEvent)]


async def test_independent_steps_run_and_their_results_are_combined(core: Make) -> None:
    """Plan, two calls, a verdict, an answer."""
    made = core(planner([step("s1", [1, 2]), step("s2", [3, 4])]))
    run = await made.ask("add pairs", mode="plan")
    assert run.log.content() == "the sum is 3; the sum is 7"
    assert sorted(made.adder.calls) == [[1, 2], [3, 4]]
    assert kinds(run)[:2] == ["route", "plan"]
    assert kinds(run)[-1] == "verdict"
    assert run.usage.model_calls == 3


async def test_both_independent_steps_are_under_way_before_either_ends(core: Make) -> None:
    """Steps without a dependency run side by side."""
    run = await core(planner([step("s1", [1]), step("s2", [2])])).ask("add", mode="plan")
    order = [kind for kind in kinds(run) if kind in {"tool_call", "tool_result"}]
    assert order == ["tool_call", "tool_call", "tool_result", "tool_result"]


async def test_a_dependent_step_gets_its_input_from_the_results_it_needs(core: Make) -> None:
    """The input is filled by a constrained call when it refers to a result."""
    plan = [step("a", [1, 2]), step("b", [3, 4]), step("c", ["{a}", "{b}"], after=("a", "b"))]
    made = core(planner(plan))
    run = await made.ask("add", mode="plan")
    assert made.adder.calls[-1] == [3, 7]
    assert run.log.content().endswith("the sum is 10")
    filling = [one for one in made.model.requests if "The input so far" in str(one.messages)]
    assert len(filling) == 1
    assert "the sum is 3" in str(filling[0].messages)


async def test_only_the_gaps_are_planned_again_and_finished_work_is_kept(core: Make) -> None:
    """A verdict that fails sends its gaps back to planning."""
    verdicts = ({"passed": False, "missing": ["the third sum"]}, {"passed": True})
    first, second = [step("s1", [1]), step("s2", [2])], [step("s1", [5])]
    made = core(planner(first, second, verdicts=verdicts))
    run = await made.ask("add three", mode="plan")
    assert sorted(made.adder.calls) == [[1], [2], [5]]
    assert run.log.content() == "the sum is 1; the sum is 2; the sum is 5"
    assert "- the third sum" in str(made.model.requests[2].messages)


async def test_planning_ends_after_the_last_round_with_an_answer(core: Make) -> None:
    """A verdict that never passes does not go on for ever."""
    failed = {"passed": False, "missing": ["more"]}
    plans = [[step("s1", [at]), step("s2", [at + 10])] for at in range(5)]
    made = core(planner(*plans, verdicts=(failed,) * 5), plan_max_rounds=2)
    run = await made.ask("add", mode="plan")
    assert (run.state, len(made.adder.calls)) == ("completed", 4)


async def test_a_failed_step_is_a_result_and_not_the_end(core: Make) -> None:
    """The verdict and the answer see what failed."""
    made = core(planner([step("s1", [13]), step("s2", [2])]))
    run = await made.ask("add", mode="plan")
    assert run.log.content() == "the sum is 2"
    assert 'state="failed"' in str(made.model.requests[-1].messages)


@pytest.mark.parametrize("plan", [[], [step("s1", [1])], "garbage"])
async def test_a_plan_that_is_none_becomes_a_react_run(core: Make, plan: Any) -> None:
    """Fewer than two steps, or no plan at all: the question is still answered."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema is None:
            return "Answered."
        return "garbage" if plan == "garbage" else orjson.dumps({"steps": plan}).decode()

    made = core(script, router="keywords")
    run = await made.ask("all and both and also", mode="auto")
    assert (run.decision.route if run.decision else "", run.log.content()) == ("plan", "Answered.")


async def test_a_forced_plan_of_one_step_is_carried_out(core: Make) -> None:
    """Who asks for a plan gets one."""
    made = core(planner([step("s1", [8])]))
    run = await made.ask("add", mode="plan")
    assert run.log.content() == "the sum is 8"


async def test_a_verdict_that_cannot_be_read_does_not_cost_the_answer(core: Make) -> None:
    """The stage is lost, the answer is not."""
    script = planner([step("s1", [1]), step("s2", [2])])

    def unreadable(request: ModelRequest) -> Any:
        schema = request.response_schema
        if isinstance(schema, dict) and schema["title"] == "Verdict":
            return "hm"
        return script(request)

    run = await core(unreadable).ask("add", mode="plan")
    assert run.log.content() == "the sum is 1; the sum is 2"


def test_a_raw_plan_is_made_sound() -> None:
    """Doubled ids, unknown tools, forward and self references and surplus steps are put right."""
    raw = Plan.model_validate({
        "steps": [
            step("x", ["{y}"], after=("x", "y")),
            {**step("z", [1]), "tool": "unknown"},
            step("x", ["{x}"], after=("x",)),
            step("w", [1]),
        ]
    })
    steps = sound(raw, round_number=2, tools=["add"], done=["s1"], max_steps=2)
    assert [(one["id"], one["depends_on"], one["input"]) for one in steps] == [
        ("r2s1", [], {"numbers": ["{y}"]}),
        ("r2s2", ["r2s1"], {"numbers": ["{r2s1}"]}),
    ]
    assert [one["id"] for one in ready(steps, {})] == ["r2s1"]
    assert [one["id"] for one in ready(steps, {"r2s1": {}})] == ["r2s2"]


def test_the_schema_of_a_plan_binds_each_tool_to_its_own_input() -> None:
    """A grammar made of it cannot mix one tool with another's arguments."""
    spec = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    schema = plan_schema([spec], max_steps=3)
    (variant,) = schema["properties"]["steps"]["items"]["anyOf"]
    assert variant["properties"]["tool"] == {"const": "add"}
    assert variant["properties"]["input"] == {"type": "object"}
    assert schema["properties"]["steps"]["maxItems"] == 3
