"""What goes to and fro between a run and an MCP server, over every way the protocol knows."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import ToolFailed, ToolRetry
from backend.ports.remote_tools import ToolFilter
from tests.fakes.mcp_reaching import Reaching
from tests.fakes.mcp_server import mcp_double


@pytest.mark.parametrize("speaks", ["streams", "json", "stateless", "older", "sse"])
async def test_tools_are_listed_and_called_however_a_server_speaks(speaks):
    """Streams, plain JSON, without sessions, with the handshake of older versions, or the older SSE."""
    async with mcp_double(speaks) as double:
        made = Reaching(double)
        session = made.session(headers={"X-Team": "blue"})
        listing = await session.listing("lab")
        assert [one.name for one in listing.tools] == ["add", "note", "fail", "big", "slow"]
        assert [one.read_only for one in listing.tools] == [True, False, True, True, True]
        assert (await session.call("lab", "add", {"a": 1, "b": 2})).text == "the sum is 3"
        assert {one.get("x-team") for one in double.headers} == {"blue"}
        await made.close()
        async with asyncio.timeout(30):
            await double.idle.wait()


async def test_what_a_tool_calls_its_own_error_is_for_the_model_to_mend(reaching):
    """Anything else is not."""
    session = reaching.session()
    with pytest.raises(ToolRetry) as told:
        await session.call("lab", "fail", {"why": "the moon"})
    assert told.value.message == "wrong: the moon"


async def test_only_tools_that_are_allowed_are_listed(reaching):
    """By name, by what the server says they do, or both."""
    for allowed, names in [
        (ToolFilter(names=frozenset({"note", "gone"})), ["note"]),
        (ToolFilter(read_only=False), ["note"]),
        (ToolFilter(names=frozenset({"add", "note"}), read_only=True), ["add"]),
        (ToolFilter(), ["add", "note", "fail", "big", "slow"]),
    ]:
        listing = await reaching.session(allowed=allowed).listing("lab")
        assert ([one.name for one in listing.tools], listing.left_out) == (names, 0)


async def test_tools_over_the_bounds_are_left_out_and_counted(reaching):
    """The first ones are kept."""
    listing = await reaching.session(max_tools=2).listing("lab")
    assert ([one.name for one in listing.tools], listing.left_out) == (["add", "note"], 3)
    listing = await reaching.session(max_schema_bytes=10).listing("lab")
    assert (listing.tools, listing.left_out) == ((), 5)


async def test_a_long_result_is_cut_and_one_over_all_bounds_is_not_read(reaching):
    """The connection that broke on it is made anew for the next call."""
    session = reaching.session(max_response_bytes=200_000, max_result_chars=1_000)
    cut = (await session.call("lab", "big", {"size": 50_000})).text
    assert cut.startswith("x" * 1_000 + "\n[... the result is longer than 1,000 characters")
    with pytest.raises(ToolFailed) as told:
        await session.call("lab", "big", {"size": 10_000_000})
    assert "its answer is larger than 200,000 bytes" in told.value.message
    assert (await session.call("lab", "add", {"a": 2, "b": 2})).text == "the sum is 4"


async def test_a_slow_call_ends_at_its_time_and_is_stopped_at_the_server(reaching):
    """The model hears that its effect is not known."""
    session = reaching.session(timeout_s=7)
    reaching.double.hold.clear()
    call = asyncio.ensure_future(session.call("lab", "slow", {}))
    await reaching.double.held.wait()
    reaching.clock.step(6.9)
    assert not call.done()
    reaching.clock.step(0.2)
    with pytest.raises(ToolFailed) as told:
        await call
    assert told.value.message == (
        "the MCP server did not answer within 7 s. Whether the call had an effect is not known."
    )
    async with asyncio.timeout(30):
        await reaching.double.idle.wait()


async def test_a_server_that_changes_its_tools_is_believed_at_each_call(reaching):
    """What is gone is told; nothing is called in its place."""
    session = reaching.session()
    await session.listing("lab")
    reaching.double.server.remove_tool("add")
    with pytest.raises((ToolRetry, ToolFailed)) as told:
        await session.call("lab", "add", {"a": 1, "b": 1})
    assert "add" in told.value.message
    assert reaching.double.calls == []


async def test_calls_of_one_run_go_side_by_side(reaching):
    """One that waits holds up no other."""
    session = reaching.session()
    reaching.double.hold.clear()
    slow = asyncio.ensure_future(session.call("lab", "slow", {}))
    await reaching.double.held.wait()
    assert (await session.call("lab", "add", {"a": 1, "b": 1})).text == "the sum is 2"
    reaching.double.hold.set()
    assert (await slow).text == "at last"


async def test_a_closed_session_calls_nothing_any_more(reaching):
    """Its run has ended."""
    session = reaching.session()
    session.close()
    with pytest.raises(ToolFailed):
        await session.call("lab", "add", {"a": 1, "b": 1})
    assert reaching.double.calls == []
