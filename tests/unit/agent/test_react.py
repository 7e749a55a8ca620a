"""ReAct runs over a scripted model: calls, repairs, repetition, caps, client tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from backend.kit.fences import bare
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import TurnEvent
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, Make


def results(request: ModelRequest) -> list[str]:
    """Give the tool results a model is shown, out of their fences."""
    return [bare(str(one.get("content"))) for one in request.messages if one["role"] == "tool"]


def events(run: Any, kind: str) -> list[TurnEvent]:
    """Give a run's events of one kind."""
    return [one for one in run.log.items if isinstance(one, TurnEvent) and one.type == kind]


async def test_a_call_is_made_and_the_answer_uses_its_result(core: Make) -> None:
    """The plain loop: think, act, observe, answer."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        return f"So {found[0]}." if found else [call("add", numbers=[1, 2])]

    run = await core(script).ask("add 1 and 2", mode="react")
    assert (run.state, run.log.content()) == ("completed", "So the sum is 3.")
    assert [event.data["outcome"] for event in events(run, "tool_result")] == ["ok"]
    assert run.usage.model_calls == 2
    assert [one["role"] for one in run.transcript] == ["assistant", "tool"]


async def test_side_by_side_calls_each_get_their_own_result(core: Make) -> None:
    """Two calls in one step are both carried out and answered in order."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        both = [call("add", "c1", numbers=[1]), call("add", "c2", numbers=[2])]
        return " and ".join(found) if found else both

    run = await core(script).ask("add", mode="react")
    assert run.log.content() == "the sum is 1 and the sum is 2"


async def test_a_second_identical_call_is_answered_from_the_first_and_a_third_ends_the_loop(
    core: Make,
) -> None:
    """The tool itself is used once however often the model repeats itself."""

    def script(request: ModelRequest) -> Any:
        return [call("add", numbers=[1, 2])] if request.tools else "It is 3."

    made = core(script)
    run = await made.ask("add", mode="react")
    assert made.adder.calls == [[1, 2]]
    assert run.log.content() == "It is 3."
    assert [event.data for event in events(run, "notice")] == [{"closing": "repeat"}]


async def test_the_order_of_arguments_does_not_make_a_call_different(core: Make) -> None:
    """Equal arguments are equal in any order and spacing."""
    turns = iter(['{"query":"a"}', '{ "query": "a" }'])

    def script(request: ModelRequest) -> Any:
        text = next(turns, None)
        if text is None:
            return "Done."
        function = {"name": "look_up", "arguments": text}
        return [{"id": "c", "type": "function", "function": function}]

    run = await core(script).ask("look", mode="react")
    assert len(run.citations) == 1


async def test_the_loop_ends_at_the_cap_with_an_answer(core: Make) -> None:
    """A model that never stops calling is told to answer without tools."""
    numbers = iter(range(100))

    def script(request: ModelRequest) -> Any:
        return [call("add", numbers=[next(numbers)])] if request.tools else "Enough."

    made = core(script, react_max_iterations=3)
    run = await made.ask("add", mode="react")
    assert (len(made.adder.calls), run.log.content()) == (3, "Enough.")


async def test_a_model_that_stays_silent_is_answered_for_with_what_was_found(core: Make) -> None:
    """Every run ends with an answer."""

    def script(request: ModelRequest) -> Any:
        return "" if results(request) else [call("add", numbers=[4])]

    run = await core(script).ask("add", mode="react")
    assert run.log.content().endswith("the sum is 4")


async def test_wrong_arguments_are_mended_by_one_constrained_call(core: Make) -> None:
    """The model is asked for the arguments again under the tool's own schema."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema is not None:
            return '{"numbers": [5, 6]}'
        return "11" if results(request) else [call("add", numbers="five and six")]

    made = core(script)
    await made.ask("add 5 and 6", mode="react")
    assert made.adder.calls == [[5, 6]]
    constrained = [one for one in made.model.requests if one.response_schema is not None]
    assert [one.temperature for one in constrained] == [0.0]


async def test_arguments_that_cannot_be_mended_are_explained_to_the_model(core: Make) -> None:
    """The result names the fault and the schema."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema is not None:
            return "I do not know."
        found = results(request)
        return found[0] if found else [call("add", wrong=1)]

    run = await core(script).ask("add", mode="react")
    assert "numbers: Field required" in run.log.content()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no_such_tool", "there is no tool 'no_such_tool'"),
        ("broken", "the tool broken is off on this server: it has no key"),
    ],
)
async def test_a_tool_that_is_not_there_is_explained(core: Make, name: str, expected: str) -> None:
    """Invented and switched-off tools are answered, not raised."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        return found[0] if found else [call(name, query="x")]

    run = await core(script).ask("look", mode="react")
    assert expected in run.log.content()


@pytest.mark.parametrize(
    ("numbers", "outcome", "text"),
    [([], "retry", "give at least one number"), ([13], "failed", "13 is unlucky")],
)
async def test_a_tool_fails_in_two_ways(
    core: Make, numbers: list[int], outcome: str, text: str
) -> None:
    """Both ways reach the model as text and the trace as an outcome."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        return found[0] if found else [call("add", numbers=numbers)]

    run = await core(script).ask("add", mode="react")
    assert text in run.log.content()
    assert [event.data["outcome"] for event in events(run, "tool_result")] == [outcome]


async def test_what_is_said_before_a_call_is_a_thought_in_the_end(core: Make) -> None:
    """A remark before a call is reasoning, not answer."""

    def script(request: ModelRequest) -> Any:
        if results(request):
            return "Seven."
        return [
            ModelDelta(content="Let me add that. "),
            ModelDelta(tool_calls=(call("add", numbers=[3, 4]),), finish_reason="tool_calls"),
        ]

    run = await core(script).ask("add", mode="react")
    assert run.log.content() == "Seven."
    assert run.log.reasoning().startswith("Let me add that.")


async def test_a_call_written_as_text_is_carried_out_and_never_shown(core: Make) -> None:
    """Models that write their call into the answer are understood."""
    written = 'Sure.\n<tool_call>{"name": "add", "arguments": {"numbers": [2, 2]}}</tool_call>'

    def script(request: ModelRequest) -> Any:
        return "Four." if results(request) else written

    made = core(script)
    run = await made.ask("add", mode="react")
    assert (made.adder.calls, run.log.content()) == ([[2, 2]], "Four.")


async def test_a_model_without_tools_uses_them_by_constrained_decisions(core: Make) -> None:
    """The text protocol: a JSON decision per step, then a plain answer."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema is None:
            return "It is 9."
        done = any("the sum is 9" in str(one.get("content")) for one in request.messages)
        decision = {"thought": "add", "tool": "answer"}
        if not done:
            decision = {"thought": "add", "tool": "add", "input": {"numbers": [4, 5]}}
        return orjson.dumps(decision).decode()

    made = core(script, capabilities=())
    run = await made.ask("add 4 and 5", mode="react")
    assert (made.adder.calls, run.log.content()) == ([[4, 5]], "It is 9.")
    assert all(not request.tools for request in made.model.requests)


async def test_citations_are_numbered_across_calls_and_false_markers_stripped(core: Make) -> None:
    """Markers of a second result go on counting; a marker without a passage disappears."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        if not found:
            return [call("look_up", "c1", query="moss"), call("look_up", "c2", query="fern")]
        assert found == ["[1] about moss", "[2] about fern"]
        return "Moss [1], fern [2], nothing [3]."

    run = await core(script).ask("look", mode="react")
    assert run.log.content() == "Moss [1], fern [2], nothing ."
    assert [one["url_citation"]["url"] for one in run.annotations] == [
        "https://library.example/moss",
        "https://library.example/fern",
    ]


WEATHER = {"type": "function", "function": {"name": "my_tool", "parameters": {"type": "object"}}}


async def test_a_client_tool_ends_the_turn_and_its_result_resumes_it(core: Make) -> None:
    """What our tools had found is there again when the client brings its own result."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        if not found:
            return [call("add", "c1", numbers=[1, 1]), call("my_tool", "c2")]
        return " | ".join(found)

    made = core(script)
    first = await made.ask("go", mode="react", client_tools=[WEATHER])
    assert (first.finish_reason, first.log.content()) == ("tool_calls", "")
    (asked,) = first.client_calls
    assert asked["function"]["name"] == "my_tool"
    history: list[Any] = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": asked["id"], "content": "sunny"},
    ]
    second = await made.ask(history, mode="react", client_tools=[WEATHER])
    assert second.log.content() == "the sum is 2 | sunny"


async def test_a_client_cannot_resume_the_run_of_another_user(core: Make) -> None:
    """The transcript comes back for its owner only."""

    def script(request: ModelRequest) -> Any:
        found = results(request)
        return " | ".join(found) if found else [call("add", numbers=[1]), call("my_tool", "c2")]

    made = core(script)
    first = await made.ask("go", mode="react", client_tools=[WEATHER])
    (asked,) = first.client_calls
    history: list[Any] = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": asked["id"], "content": "sunny"},
    ]
    other = await made.ask(history, mode="react", client_tools=[WEATHER], user_id="user_2")
    assert other.log.content() == "sunny"


async def test_checkpoints_are_pruned_when_the_run_ends(core: Make) -> None:
    """The work space does not grow with finished runs."""

    def script(request: ModelRequest) -> Any:
        return "Three." if results(request) else [call("add", numbers=[1, 2])]

    made = core(script)
    await made.ask("add", mode="react")
    saver = await made.checkpoints.saver()
    assert [one async for one in saver.alist(None)] == []


@pytest.mark.parametrize(
    ("store", "resumes", "written"), [(True, True, 3), (True, False, 0), (False, True, 0)]
)
async def test_steps_are_written_only_of_runs_that_can_be_taken_up(
    core: Make, *, store: bool, resumes: bool, written: int
) -> None:
    """While a call is made, start and first thought are on the disk; for others that is work for nothing."""

    def script(request: ModelRequest) -> Any:
        return "Three." if results(request) else [call("add", numbers=[1, 2])]

    made = core(script)
    if resumes:
        made.turns._parts = replace(made.turns._parts, resumables=made.stores.resumables)
    saver = await made.checkpoints.saver()
    add, seen = made.adder.run, list[int]()

    async def looked(args: Any, context: Any) -> Any:
        seen.append(len([one async for one in saver.alist(None)]))
        return await add(args, context)

    vars(made.adder)["run"] = looked
    run = await made.ask("add", mode="react", store=store)
    assert (run.state, seen) == ("completed", [written])


async def test_every_call_leaves_an_audit_row(core: Make) -> None:
    """Who called what, and how it went."""

    def script(request: ModelRequest) -> Any:
        return "Three." if results(request) else [call("add", numbers=[1, 2])]

    made = core(script)
    run = await made.ask("add", mode="react")
    rows = await made.stores.audit.list(USER)
    assert [(row.tool, row.run_id, row.outcome) for row in rows] == [("add", run.id, "ok")]


async def test_a_model_that_only_thinks_aloud_is_asked_for_its_answer(core: Make) -> None:
    """Thoughts between tags are no answer."""

    def script(request: ModelRequest) -> Any:
        return "<think>Hm, what is it?</think>" if request.tools else "It is 3."

    made = core(script)
    run = await made.ask("add 1 and 2", mode="react")
    assert run.log.content() == "It is 3."
