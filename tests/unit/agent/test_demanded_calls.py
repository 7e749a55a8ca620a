"""`tool_choice` where only this server has tools, and what never reaches a caller."""

from __future__ import annotations

from typing import Any

import pytest

from backend.ports.models import ModelRequest
from tests.fakes.scripted_model import call
from tests.fakes.turns import Make

NAMED: Any = {"type": "function", "function": {"name": "add"}}
TIME: Any = {
    "type": "function",
    "function": {"name": "get_time", "parameters": {"properties": {"zone": {"type": "string"}}}},
}


def names(request: ModelRequest) -> list[str]:
    """Name the tools offered."""
    return [one["function"]["name"] for one in request.tools]


@pytest.mark.parametrize("choice", ["required", NAMED])
async def test_a_call_of_the_servers_is_made_where_a_caller_brings_no_tools(
    core: Make, choice: Any
) -> None:
    """A hosted tool can be demanded; once it was called, the model may answer."""

    def script(request: ModelRequest) -> Any:
        if any(one["role"] == "tool" for one in request.messages):
            return "It is 3."
        forced = "must call a tool" in str(request.messages[0].get("content"))
        return [call("add", numbers=[1, 2])] if forced else "It is three, I think."

    made = core(script)
    run = await made.ask("hello", tool_choice=choice)
    assert (made.adder.calls, run.log.content(), run.finish_reason) == (
        [[1, 2]],
        "It is 3.",
        "stop",
    )
    assert run.decision is not None
    assert run.decision.route == "react"


async def test_a_demand_outlasts_the_cap_of_an_agent(core: Make) -> None:
    """However long it used other tools."""
    numbers = iter(range(99))

    def script(request: ModelRequest) -> Any:
        if names(request) == ["get_time"]:
            return [call("get_time", zone="UTC")]
        return [call("add", numbers=[next(numbers)])]

    made = core(script, react_max_iterations=2)
    run = await made.ask("add", mode="react", client_tools=[TIME], tool_choice="required")
    assert [one["function"]["name"] for one in run.client_calls] == ["get_time"]
    assert (len(made.adder.calls), run.finish_reason) == (2, "tool_calls")


@pytest.mark.parametrize("mode", ["chat", "react"])
async def test_a_name_made_up_under_the_text_protocol_is_answered_without(
    core: Make, mode: Any
) -> None:
    """A model without grammar can write any name."""

    def script(request: ModelRequest) -> Any:
        made_up = '{"tool": "nope", "input": {}}'
        seen = "no tool" in str(request.messages)
        if request.response_schema is not None:
            return '{"tool": "answer"}' if seen else made_up
        return "Fine."

    run = await core(script, capabilities=()).ask("hi", mode=mode, client_tools=[TIME])
    assert (run.log.content(), run.client_calls, run.finish_reason) == ("Fine.", (), "stop")


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ('{"zone": "UTC"}', '{"zone": "UTC"}'),
        ("", "{}"),
        ("null", "{}"),
        ('"UTC"', '{"zone":"UTC"}'),
        ('["UTC"]', '{"zone":"UTC"}'),
        ("{'zone': 'UTC'}", '{"zone":"UTC"}'),
        ('{"zone": ', "{}"),
    ],
)
@pytest.mark.parametrize("mode", ["chat", "react"])
async def test_arguments_are_always_a_json_object(
    core: Make, mode: Any, written: str, arguments: str
) -> None:
    """What fits no schema is passed on as it is, but never broken."""
    made = {"id": "c", "type": "function", "function": {"name": "get_time", "arguments": written}}
    run = await core(lambda _: [made]).ask("hi", mode=mode, client_tools=[TIME])
    assert [one["function"]["arguments"] for one in run.client_calls] == [arguments]
