"""Tools of servers that a caller names, in one run: whose they are, what they are called, when they are asked for."""

from __future__ import annotations

from typing import Any

import pytest

from backend.agent.policy import read_policy
from backend.errors import InvalidRequest, NotAllowed
from backend.ports.remote_tools import ALL_TOOLS, RemoteTool, ToolFilter
from tests.fakes.asking import answer, calling, events, results
from tests.fakes.remote_tools import READ, TEXT, WRITE, FakeRemoteTools, named
from tests.fakes.scripted_model import call
from tests.fakes.turns import USER, Core, Make

WRITING = calling([call("lab__write", text="hello")])
SECRET = {"authorization": "Bearer sesame"}


def fine(request: Any) -> str:
    """Answer at once."""
    return "Fine."


async def decide(core: Core, *, approve: bool, note: str = "") -> Any:
    """Decide about the only call that waits, by its id, and give the stored run at its end."""
    [waiting] = await core.approvals.pending(USER)
    await core.approvals.decide_by_id(USER, waiting.id, approve=approve, note=note)
    run = core.turns.active.get(waiting.run_id)
    if run is not None:
        await run.done()
    return await core.stores.runs.get(USER, waiting.run_id)


def offered(core: Core) -> list[str]:
    """Name the tools that the model was first shown."""
    return [one["function"]["name"] for one in core.model.requests[0].tools]


async def test_remote_tools_belong_to_one_run(core: Make) -> None:
    """The next run has none of them, and the server is let go."""
    remote = FakeRemoteTools()
    made = core(fine, remote=remote)
    run = await made.ask("hi", remote_servers=(named(never=ALL_TOOLS),))
    assert offered(made) == ["add", "lab__read", "lab__write", "look_up"]
    assert (run.state, run.decision.route) == ("completed", "react")
    assert (remote.listed, remote.closed, run.tainted) == (["lab"], 1, True)
    await made.ask("hi", mode="react")
    assert [one["function"]["name"] for one in made.model.requests[-1].tools] == ["add", "look_up"]
    assert len(remote.opened) == 1


async def test_names_are_safe_and_shadow_nothing(core: Make) -> None:
    """Neither a tool of this server, nor of the caller, nor of another remote server."""
    odd = RemoteTool(name="../re ad\u202e<b>", input_schema=TEXT)
    long = RemoteTool(name="x" * 128, input_schema=TEXT)
    tools = {"a": (READ, odd, long), "a__read": (), "b-c": (READ, READ)}
    mine = {"type": "function", "function": {"name": "a__read", "parameters": TEXT}}
    made = core(fine, remote=FakeRemoteTools(tools))
    servers = tuple(named(label, never=ALL_TOOLS) for label in tools)
    run = await made.ask("hi", remote_servers=servers, client_tools=[mine])
    assert run.state == "completed"
    names = offered(made)
    assert sorted(names) == sorted({
        "add",
        "look_up",
        "a__read",
        "a__read_2",
        "a_____re_ad__b_",
        f"a__{'x' * 61}",
        "b_c__read",
        "b_c__read_2",
    })
    assert all(len(one) <= 64 for one in names)


@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        ({}, True),
        ({"always": ALL_TOOLS}, True),
        ({"never": ALL_TOOLS}, False),
        ({"never": ToolFilter(names=frozenset({"write"}))}, False),
        ({"never": ToolFilter(names=frozenset({"read"}))}, True),
        ({"never": ToolFilter(read_only=True)}, True),
        ({"always": ToolFilter(read_only=False), "never": ALL_TOOLS}, True),
        ({"always": ToolFilter(names=frozenset({"read"})), "never": ALL_TOOLS}, False),
    ],
)
async def test_the_caller_says_which_calls_are_asked_for(core: Make, filters, asked) -> None:
    """All of them when the caller says nothing, as with OpenAI; the stricter word counts."""
    remote = FakeRemoteTools()
    made = core(WRITING, remote=remote)
    run = await made.ask("hi", remote_servers=(named(**filters),))
    assert run.state == ("waiting" if asked else "completed")
    assert remote.calls == ([] if asked else [("lab", "write", {"text": "hello"})])


@pytest.mark.parametrize(
    ("rule", "state"),
    [("mcp=ask", "waiting"), ("touch:writes_outside=ask", "waiting"), ("add=ask", "completed")],
)
async def test_an_administrator_may_want_to_be_asked_all_the_same(core: Make, rule, state) -> None:
    """By a rule about all remote servers, or about what tools touch."""
    made = core(WRITING, remote=FakeRemoteTools(), policy=read_policy([rule]))
    run = await made.ask("hi", remote_servers=(named(never=ALL_TOOLS),))
    assert run.state == state


async def test_who_may_not_use_remote_servers_is_told_so_at_once(core: Make) -> None:
    """By a rule, by the key, by the mode, or where this server has none."""
    made = core(fine, remote=FakeRemoteTools(), policy=read_policy(["role:user mcp=deny"]))
    servers = (named(),)
    with pytest.raises(NotAllowed):
        await made.begin("hi", remote_servers=servers)
    run = await made.ask("hi", remote_servers=servers, role="admin")
    assert run.state == "completed"
    bound = frozenset({"add"})
    with pytest.raises(NotAllowed):
        await made.begin("hi", remote_servers=servers, role="admin", allowed_tools=bound)
    only = frozenset({"mcp"})
    await made.ask("hi", remote_servers=servers, role="admin", allowed_tools=only)
    assert [one["function"]["name"] for one in made.model.requests[-1].tools] == [
        "lab__read",
        "lab__write",
    ]
    with pytest.raises(InvalidRequest):
        await made.begin("hi", remote_servers=servers, role="admin", mode="chat")
    bad = (named(url="https://refused.example/"),)
    with pytest.raises(InvalidRequest):
        await made.begin("hi", remote_servers=bad, role="admin")
    with pytest.raises(InvalidRequest):
        await core(fine).begin("hi", remote_servers=servers)
    assert made.turns.active == {}


async def test_one_server_that_fails_ends_the_run_and_all_are_told_of(core: Make) -> None:
    """In the order of the request."""
    remote = FakeRemoteTools({"b": "the MCP server 'b' cannot be used: it answered 401"})
    made = core(fine, remote=remote)
    run = await made.ask("hi", remote_servers=(named("a"), named("b"), named("c")))
    listed = events(run, "remote_tools")
    assert [(one["server_label"], len(one["tools"])) for one in listed] == [
        ("a", 2),
        ("b", 0),
        ("c", 2),
    ]
    assert run.error is not None
    assert run.error.message == "The MCP server 'b' cannot be used: it answered 401"
    assert (run.state, run.error.status, made.model.requests) == ("failed", 424, [])
    assert remote.closed == 1


async def test_without_a_wish_for_tools_they_are_listed_and_not_offered(core: Make) -> None:
    """As with OpenAI's tool_choice none."""
    made = core(fine, remote=FakeRemoteTools())
    run = await made.ask("hi", remote_servers=(named(),), tool_choice="none")
    assert (len(events(run, "remote_tools")), run.decision.route) == (1, "chat")
    assert not made.model.requests[0].tools


async def test_a_plan_may_use_remote_tools(core: Make) -> None:
    """They are tools like others."""
    steps = [
        {
            "id": "a",
            "purpose": "read",
            "tool": "lab__read",
            "input": {"text": "x"},
            "depends_on": [],
        }
    ]

    def script(request: Any) -> Any:
        asked = str(request.response_schema)
        if "steps" in asked:
            return f'{{"steps": {str(steps).replace(chr(39), chr(34))}}}'
        return '{"reasoning": "", "passed": true, "missing": []}' if "passed" in asked else "Done."

    remote = FakeRemoteTools()
    made = core(script, remote=remote)
    run = await made.ask("hi", remote_servers=(named(never=ALL_TOOLS),), mode="plan")
    assert (run.state, remote.calls) == ("completed", [("lab", "read", {"text": "x"})])


async def test_wrong_arguments_are_mended_before_a_server_hears_of_them(core: Make) -> None:
    """By what its list says of them."""
    remote = FakeRemoteTools()

    def script(request: Any) -> Any:
        if request.response_schema is not None:
            return '{"text": "mended"}'
        told = results(request)
        return told[-1] if told else [call("lab__read", txt="wrong", other=None)]

    made = core(script, remote=remote)
    await made.ask("hi", remote_servers=(named(never=ALL_TOOLS),))
    assert remote.calls == [("lab", "read", {"text": "mended"})]


async def test_what_waits_holds_no_headers_and_goes_on_with_them(core: Make) -> None:
    """The server is asked for its tools once; the run goes on with what it was shown."""
    remote = FakeRemoteTools()
    made = core(WRITING, remote=remote)
    await made.ask("hi", remote_servers=(named(headers=SECRET),))
    assert "sesame" not in repr(made.stores.approvals._shelves.pauses)
    remote.tools["lab"] = (WRITE, RemoteTool(name="new"))
    stored = await decide(made, approve=True)
    assert (stored.state, answer(stored)) == ("completed", "Told: lab write: hello")
    assert remote.opened[-1][0].headers == SECRET
    assert (remote.listed, remote.closed) == (["lab"], 2)
    assert made.turns._parts.kept_servers.take(stored.id) is None


async def test_a_call_that_is_refused_is_not_made(core: Make) -> None:
    """The model is told, with the user's words."""
    remote = FakeRemoteTools()
    made = core(WRITING, remote=remote)
    await made.ask("hi", remote_servers=(named(),))
    stored = await decide(made, approve=False, note="not now")
    assert remote.calls == []
    assert "The user says: not now" in answer(stored)
    [shown] = events(stored, "tool_call")
    [asked] = events(stored, "approval")
    assert (shown["approval_id"], shown["server_label"]) == (asked["id"], "lab")


async def test_after_a_restart_a_run_with_headers_ends_with_the_reason(core: Make) -> None:
    """They were in memory alone; the call is not made."""
    remote = FakeRemoteTools()
    made = core(WRITING, remote=remote)
    run = await made.ask("hi", remote_servers=(named(headers=SECRET),))
    made.turns._parts.kept_servers.take(run.id)  # what a restart leaves
    stored = await decide(made, approve=True)
    assert (stored.state, remote.calls) == ("failed", [])
    assert answer(stored) == (
        "This cannot go on: the server was restarted meanwhile, and the headers for lab are kept in"
        " memory alone; send the request again"
    )


async def test_after_a_restart_a_run_without_secrets_goes_on(core: Make) -> None:
    """Its servers stand in the database, with the caller's filters."""
    remote = FakeRemoteTools()
    filters = {"allowed": ToolFilter(names=frozenset({"write"})), "always": ALL_TOOLS}
    server = named(description="Ours.", **filters)
    made = core(WRITING, remote=remote)
    run = await made.ask("hi", remote_servers=(server,))
    made.turns._parts.kept_servers.take(run.id)
    stored = await decide(made, approve=True)
    assert (stored.state, len(remote.calls)) == ("completed", 1)
    assert remote.opened[-1] == (server,)


async def test_somebody_else_cannot_decide_by_an_id(core: Make) -> None:
    """A foreign id is as good as none."""
    made = core(WRITING, remote=FakeRemoteTools())
    await made.ask("hi", remote_servers=(named(),))
    [waiting] = await made.approvals.pending(USER)
    for user_id, approval_id in (("user_2", waiting.id), (USER, "apr_none")):
        with pytest.raises(Exception, match="There is no such call waiting"):
            await made.approvals.decide_by_id(user_id, approval_id, approve=True)
