"""What models write as plans, and what is carried out of it."""

from __future__ import annotations

from typing import Any

import orjson

from backend.agent.plan import Plan, Step, sound
from backend.kit.fences import bare
from backend.ports.models import ModelRequest
from tests.fakes.scripted_model import ScriptedModel
from tests.fakes.turns import Make, make_core

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def made(steps: list[dict[str, Any]], **more: Any) -> list[tuple[str, str, Any, list[str]]]:
    """Make raw steps sound; give id, tool, input and dependencies."""
    options: dict[str, Any] = {"round_number": 1, "tools": {"add"}, "done": (), "max_steps": 12}
    found = sound(Plan.model_validate({"steps": steps}), **{**options, **more})
    return [(one["id"], one["tool"], one["input"], one["depends_on"]) for one in found]


def step(step_id: str, value: Any, *needs: str, tool: str = "add") -> dict[str, Any]:
    """Write a raw step."""
    return {"id": step_id, "tool": tool, "input": {"x": value}, "depends_on": list(needs)}


def test_steps_written_in_the_wrong_order_are_put_right() -> None:
    """A dependency may be listed after what needs it."""
    assert made([step("b", "{a}", "a"), step("a", 1)]) == [
        ("s1", "add", {"x": 1}, []),
        ("s2", "add", {"x": "{s1}"}, ["s1"]),
    ]


def test_circles_and_what_needs_them_are_dropped() -> None:
    """Also a step with an unknown tool, and what needs it."""
    plan = [
        step("a", "{b}", "b"),
        step("b", "{a}", "a"),
        step("c", "{b}", "b"),
        step("d", 1, tool="fly"),
        step("e", "{d}"),
        step("f", 2),
    ]
    assert made(plan) == [("s1", "add", {"x": 2}, [])]


def test_a_dependency_nobody_knows_is_no_obstacle() -> None:
    """Nor braces that are part of the input, nor a step that names itself."""
    plan = [step("a", "\\frac{1}{2} {q}", "zz"), step("b", [{"y": "{b}"}], "b")]
    assert made(plan) == [
        ("s1", "add", {"x": "\\frac{1}{2} {q}"}, []),
        ("s2", "add", {"x": [{"y": "{b}"}]}, []),
    ]


def test_the_same_call_twice_is_one_step() -> None:
    """Whoever needs the second is given the first."""
    plan = [step("a", 1), step("b", 1), step("c", "{b}", "b")]
    assert made(plan) == [("s1", "add", {"x": 1}, []), ("s2", "add", {"x": "{s1}"}, ["s1"])]


def test_a_later_round_does_not_repeat_what_succeeded() -> None:
    """Its own ids stand beside those of the rounds before."""
    first: Step = {"id": "s1", "purpose": "", "tool": "add", "input": {"x": 1}, "depends_on": []}
    plan = [step("s1", 1), step("s2", "{s1}", "s1"), step("s3", 3)]
    found = made(plan, round_number=2, done=["s1", "s9"], earlier=[first])
    assert found == [
        ("r2s1", "add", {"x": "{s1}"}, ["s1"]),
        ("r2s2", "add", {"x": 3}, []),
    ]


def test_a_hundred_steps_are_cut_to_the_limit() -> None:
    """The verdict finds what is missing."""
    assert len(made([step(f"s{at}", at) for at in range(500)], max_steps=12)) == 12


def planned(request: ModelRequest, plan: list[dict[str, Any]]) -> Any:
    """Answer the inner calls of a plan run: the plan, a good verdict, the answer."""
    schema: Any = request.response_schema
    if schema is None:
        return "The answer."
    if "steps" in schema.get("properties", {}):
        return orjson.dumps({"steps": plan}).decode()
    return '{"passed": true}' if schema["title"] == "Verdict" else '{"numbers": [1]}'


async def test_what_needs_a_failed_step_is_not_called(core: Make) -> None:
    """Its input could only be invented."""
    plan = [
        {"id": "s1", "tool": "add", "input": {"numbers": [13]}, "depends_on": []},
        {"id": "s2", "tool": "add", "input": {"numbers": ["{s1}"]}, "depends_on": ["s1"]},
    ]
    begun = core(lambda request: planned(request, plan))
    run = await begun.ask("add 13 and double it", mode="plan")
    assert (begun.adder.calls, run.log.content()) == ([[13]], "The answer.")
    assert "it needs s1, which failed" in str(begun.model.requests[-1].messages[-1].get("content"))


async def test_many_long_results_fit_a_small_model(core: Make) -> None:
    """Each gets its share, the answer is given all the same."""

    class Small(ScriptedModel):
        async def describe(self, model: str) -> Any:
            info = await super().describe(model)
            return type(info)(
                id=model, provider="x", context_tokens=4096, capabilities=info.capabilities
            )

    plan = [
        {"id": f"s{at}", "tool": "look_up", "input": {"query": f"{at}" * 3000}} for at in range(9)
    ]
    small = make_core(Small(lambda request: planned(request, plan)))
    run = await small.ask("look up nine things", mode="plan")
    await small.turns.close(grace_s=0)
    await small.checkpoints.aclose()
    assert (run.state, run.log.content()) == ("completed", "The answer.")
    asked = str(small.model.requests[-1].messages[-1].get("content"))
    assert [f'id="s{at}"' in asked for at in range(1, 10)] == [True] * 9


async def test_the_images_of_a_question_go_with_its_plan(core: Make) -> None:
    """The model that answers has seen them."""
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    plan = [{"id": "s1", "tool": "add", "input": {"numbers": [1]}}]
    begun = core(lambda request: planned(request, plan), capabilities=("tools", "vision"))
    message: Any = {
        "role": "user",
        "content": [{"type": "text", "text": "add what you see"}, image],
    }
    await begun.ask([message], mode="plan")
    contents: list[Any] = [one.messages[-1].get("content") for one in begun.model.requests]
    assert all(image in content for content in contents)


async def test_parallel_branches_number_their_citations_without_gaps(core: Make) -> None:
    """Whatever branch ends first, a marker points at its own passage."""
    plan = [
        {"id": f"s{at}", "tool": "look_up", "input": {"query": f"topic {at}"}} for at in range(6)
    ]
    begun = core(lambda request: planned(request, plan))
    run = await begun.ask("look up six things", mode="plan")
    results = [one for one in run.transcript if one["role"] == "tool"]
    said = [bare(str(one.get("content"))) for one in results]
    assert sorted(said) == sorted(
        f"[{at}] about {passage.text}" for at, passage in enumerate(run.citations, 1)
    )
