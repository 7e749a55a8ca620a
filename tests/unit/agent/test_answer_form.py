"""What the caller wants of the answer - form, length, stop words - holds for the answer alone."""

from __future__ import annotations

from typing import Any

import pytest

from backend.ports.models import ModelDelta, ModelRequest
from tests.fakes.scripted_model import call
from tests.fakes.turns import Make

TIME: Any = {
    "type": "function",
    "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}},
}
SCHEMA: Any = {"type": "object", "properties": {"sum": {"type": "number"}}}
PLAN = (
    '{"steps": [{"id": "s1", "tool": "add", "input": {"numbers": [1, 2]}},'
    ' {"id": "s2", "tool": "add", "input": {"numbers": [3, 4]}}]}'
)


@pytest.mark.parametrize("template", [{"response_schema": SCHEMA}, {"stop": ("}",)}])
@pytest.mark.parametrize("capabilities", [("tools",), ()])
async def test_a_react_run_can_call_although_the_answer_has_a_form(
    core: Make, template: dict[str, Any], capabilities: tuple[str, ...]
) -> None:
    """A schema or a stop word would rule the call out."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema == SCHEMA or request.stop == ("}",):
            return '{"sum": 3}'
        found = "the sum is 3" in str(request.messages[-1].get("content"))
        if request.tools:
            return "It is 3." if found else [call("add", numbers=[1, 2])]
        return '{"tool": "answer"}' if found else '{"tool": "add", "input": {"numbers": [1, 2]}}'

    made = core(script, capabilities=capabilities)
    run = await made.ask("add 1 and 2", mode="react", template=template)
    shown = '{"sum": 3' if "stop" in template else '{"sum": 3}'
    assert (made.adder.calls, run.log.content()) == ([[1, 2]], shown)


async def test_a_plan_has_no_form_but_its_answer_has(core: Make) -> None:
    """Stop words, penalties and limits would spoil the inner JSON."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema == SCHEMA:
            return '{"sum": 10}'
        assert (request.stop, request.frequency_penalty) == ((), None)
        assert request.max_output_tokens == 2048
        title = (
            request.response_schema["title"] if isinstance(request.response_schema, dict) else ""
        )
        return '{"passed": true}' if title == "Verdict" else PLAN

    made = core(script)
    wanted = {
        "response_schema": SCHEMA,
        "stop": ("}",),
        "frequency_penalty": 1.5,
        "max_output_tokens": 7,
    }
    run = await made.ask("add these", mode="plan", template=wanted)
    last = made.model.requests[-1]
    assert (run.log.content(), last.max_output_tokens) == ('{"sum": 10', 7)


async def test_a_call_that_a_short_limit_cut_is_decided_again_with_room(core: Make) -> None:
    """The limit holds for the answer."""

    def script(request: ModelRequest) -> Any:
        if any(one["role"] == "tool" for one in request.messages):
            return "It is 3."
        if request.max_output_tokens == 4:
            return [ModelDelta(finish_reason="length")]
        return [call("add", numbers=[1, 2])]

    made = core(script)
    run = await made.ask("add 1 and 2", mode="react", template={"max_output_tokens": 4})
    assert (made.adder.calls, run.log.content()) == ([[1, 2]], "It is 3.")


async def test_a_caller_that_wants_no_calls_gets_none_in_any_mode(core: Make) -> None:
    """`tool_choice: none` is about the caller's own tools; ours still run when asked for."""

    def script(request: ModelRequest) -> Any:
        assert "get_time" not in [one["function"]["name"] for one in request.tools]
        return "Fine."

    made = core(script)
    run = await made.ask("hi", mode="react", client_tools=[TIME], tool_choice="none")
    assert (run.log.content(), run.client_calls) == ("Fine.", ())


async def test_a_client_tool_takes_the_place_of_ours_of_the_same_name(core: Make) -> None:
    """Strict upstreams refuse two tools of one name."""
    theirs = {**TIME, "function": {**TIME["function"], "name": "add"}}

    def script(request: ModelRequest) -> Any:
        assert sorted(one["function"]["name"] for one in request.tools) == ["add", "look_up"]
        return [call("add", numbers=[1])]

    made = core(script)
    run = await made.ask("add", mode="react", client_tools=[theirs])
    assert (run.finish_reason, made.adder.calls) == ("tool_calls", [])


async def test_numbers_beyond_json_and_broken_text_do_not_break_a_run(core: Make) -> None:
    """A model may write any number of digits."""

    def script(request: ModelRequest) -> Any:
        if any(one["role"] == "tool" for one in request.messages):
            return "Done."
        return (
            "<tool_call>{'name': 'add', 'arguments': {'numbers': [1" + "0" * 30 + "]}}</tool_call>"
        )

    made = core(script)
    run = await made.ask("add", mode="react")
    assert (run.state, run.log.content(), made.adder.calls) == ("completed", "Done.", [[1e30]])


@pytest.mark.parametrize(
    ("fields", "pieces"),
    [
        ({"live": True}, ['{"sum": ', "3}"]),
        ({"live": False}, ['{"sum": 3}']),
        ({"live": True, "strict_schema": True}, ['{"sum": 3}']),
    ],
)
async def test_an_answer_of_a_form_flows_only_where_that_breaks_no_promise(
    core: Make, fields: dict[str, bool], pieces: list[str]
) -> None:
    """Strictly, or where nobody reads along, it is checked first; a fence is never shown."""
    made = core(lambda _: '```json\n{"sum": 3}\n```')
    run = await made.ask("hi", mode="chat", template={"response_schema": SCHEMA}, **fields)
    assert [item for item in run.log.items if type(item) is str] == pieces


async def test_a_seed_reaches_every_call_and_a_limit_only_the_answer(core: Make) -> None:
    """Plan, verdict and answer alike."""

    def script(request: ModelRequest) -> Any:
        if request.response_schema is None:
            return "It is 10."
        title = (
            request.response_schema["title"] if isinstance(request.response_schema, dict) else ""
        )
        return '{"passed": true}' if title == "Verdict" else PLAN

    made = core(script)
    await made.ask("add", mode="plan", template={"seed": 7, "max_output_tokens": 9})
    assert [(one.seed, one.max_output_tokens) for one in made.model.requests] == [
        (7, 2048),
        (7, 2048),
        (7, 9),
    ]


@pytest.mark.parametrize("mode", ["chat", "react", "plan"])
async def test_an_answer_without_a_word_left_says_length(core: Make, mode: Any) -> None:
    """A model that used its tokens up in thought is not asked again, nor spoken for."""

    def script(request: ModelRequest) -> Any:
        if isinstance(request.response_schema, dict):
            verdict = request.response_schema["title"] == "Verdict"
            return '{"passed": true}' if verdict else PLAN
        return [ModelDelta(reasoning="Hm."), ModelDelta(finish_reason="length")]

    run = await core(script).ask("add", mode=mode, template={"max_output_tokens": 1})
    assert (run.finish_reason, run.log.content()) == ("length", "")
