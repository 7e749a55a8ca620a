"""Several model servers over real sockets: killed, hanging, slow, 500, 429, garbage."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from backend.errors import (
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    UpstreamCut,
    UpstreamError,
    UpstreamUnreachable,
)
from backend.llm.ollama.provider import OllamaOptions, OllamaProvider
from backend.llm.several import SeveralServers
from backend.ports.vectors import VectorRequest
from tests.fakes.clock import WatchedClock
from tests.fakes.model_sides import asking, collect, left
from tests.fakes.ollama_double import FakeModel, Fault, OllamaDouble, Reply, failing
from tests.fakes.replies import HTML_PAGE

LIMIT_S = 20.0


class Group:
    """Three servers and the provider over them."""

    def __init__(self, doubles: list[OllamaDouble], clock: WatchedClock) -> None:
        self.doubles = doubles
        self.clock = clock
        servers = [
            OllamaProvider(
                OllamaOptions(base_url=one.url, first_token_timeout_s=LIMIT_S, retries=0), clock
            )
            for one in doubles
        ]
        self.provider = SeveralServers(servers, clock, patience=1)

    @property
    def chats(self) -> list[int]:
        return [len(one.chats) for one in self.doubles]

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.provider.servers()]


@pytest.fixture
async def group() -> AsyncIterator[Group]:
    async with contextlib.AsyncExitStack() as stack:
        doubles = [await stack.enter_async_context(OllamaDouble()) for _ in range(3)]
        made = Group(doubles, WatchedClock())
        await made.provider.look()
        yield made
        await made.provider.aclose()


async def said(group: Group, **more: Any) -> str:
    return (await collect(group.provider, asking(**more))).content


def broken(kind: str) -> Reply:
    """One way to fail before the first token."""
    return {
        "500": failing(500, "model runner has unexpectedly stopped"),
        "502 page": Reply(status=502, raw=HTML_PAGE, content_type="text/html"),
        "garbage": Reply(raw=b"<html>\xff no protocol"),
        "cut": Reply(content="a", fault=Fault(kind="cut")),
        "end": Reply(content="a", fault=Fault(kind="end")),
        "error line": Reply(content="a", fault=Fault(kind="error", text=b"it broke")),
    }[kind]


@pytest.mark.parametrize("kind", ["500", "502 page", "garbage", "cut", "end", "error line"])
async def test_a_server_that_fails_before_its_first_token_is_left_for_another(group, kind):
    """The client sees an answer and nothing else; the server rests."""
    group.doubles[0].queue(broken(kind))
    assert await said(group) == "echo: hi"
    assert group.chats == [1, 1, 0]
    assert group.states == ["failing", "ok", "ok"]
    for _ in range(4):
        assert await said(group) == "echo: hi"
    assert group.chats[0] == 1


async def test_a_killed_server_is_left_for_another(group):
    """Nothing listens there any more."""
    await group.doubles[0].stop()
    for _ in range(3):
        assert await said(group) == "echo: hi"
    assert group.states == ["failing", "ok", "ok"]


async def test_a_server_that_hangs_is_left_for_another_at_its_limit(group):
    """And let go: it notices that nobody waits for it."""
    group.doubles[0].queue(Reply(content="late", hold=asyncio.Event()))
    task = asyncio.create_task(said(group))
    received = await group.doubles[0].arrived(1)
    await group.clock.until_asked(LIMIT_S)
    group.clock.step(LIMIT_S)
    assert await task == "echo: hi"
    await left(received)
    assert group.states == ["failing", "ok", "ok"]


async def test_nothing_is_tried_again_once_a_token_was_given(group):
    """Half an answer is never completed by another server."""
    for double in group.doubles:
        double.script(lambda _: Reply(content="one two", fault=Fault(kind="cut", after=1)))
    with pytest.raises(UpstreamCut):
        await said(group)
    assert sum(group.chats) == 1


async def test_each_server_is_asked_once_when_all_fail(group):
    """The last trouble is told."""
    for double in group.doubles:
        double.script(lambda _: failing(500, "broken"))
    with pytest.raises(UpstreamError, match="broken"):
        await said(group)
    assert group.chats == [1, 1, 1]
    assert set(group.states) == {"failing"}


async def test_servers_that_all_rest_are_asked_all_the_same(group):
    """Better a slow answer than none."""
    for double in group.doubles:
        double.queue(failing(500, "broken"))
    with pytest.raises(UpstreamError):
        await said(group)
    assert await said(group) == "echo: hi"


async def test_a_server_that_works_again_is_used_again(group):
    """Its rest over, the look in the background finds it well; while it fails, rests double."""
    group.doubles[0].queue(failing(500, "broken"))
    await said(group)
    group.doubles[0].fail("/api/tags", failing(500, "still broken"))
    group.clock.step(1.1)
    await group.provider.look()
    assert group.provider.servers()[0].retry_in_s == 2.0
    group.doubles[0].faults.clear()
    await group.provider.look()
    assert group.states[0] == "failing"
    group.clock.step(2.1)
    await group.provider.look()
    assert group.states == ["ok", "ok", "ok"]


async def test_the_watch_looks_by_itself(group):
    """A server that went away is known before a request meets it."""
    watch = asyncio.create_task(group.provider.keep_watch())
    await group.clock.until_asked(10.0)
    await group.doubles[1].stop()
    group.clock.step(10.0)
    await group.clock.until_asked(1.0)
    watch.cancel()
    assert group.states == ["ok", "failing", "ok"]


async def test_a_busy_server_is_passed_over_and_does_not_count_as_broken(group):
    """429 sends the request elsewhere."""
    group.doubles[0].queue(failing(429, "busy", headers={"retry-after": "3"}))
    assert await said(group) == "echo: hi"
    assert (group.chats, group.states) == ([1, 1, 0], ["busy", "ok", "ok"])


async def test_when_all_are_busy_the_request_waits_for_the_first_to_be_free(group):
    """As long as the shortest Retry-After says; in the end it is told to come back."""
    for double, after in zip(group.doubles, "534", strict=True):
        double.queue(failing(429, "busy", headers={"retry-after": after}))
    task = asyncio.create_task(said(group))
    await group.clock.until_asked(3.0)
    group.clock.step(3.0)
    assert await task == "echo: hi"
    assert sum(group.chats) == 4
    for double in group.doubles:
        double.script(lambda _: failing(503, "busy", headers={"retry-after": "2"}))
    task = asyncio.create_task(said(group))
    await group.clock.until_asked(2.0)
    group.clock.step(2.0)
    with pytest.raises(Overloaded) as caught:
        await task
    assert caught.value.retry_after_s == 2.0


async def test_a_request_that_is_wrong_is_wrong_everywhere(group):
    """No other server is bothered, and none is blamed."""
    with pytest.raises(InvalidRequest):
        await said(group, options={"top_k": "many"})
    assert (sum(group.chats), set(group.states)) == (1, {"ok"})


async def test_the_least_busy_server_is_chosen(group):
    """Open answers count; with equal counts the one waits that was asked last."""
    held = asyncio.Event()
    for double in group.doubles:
        double.script(lambda _: Reply(content="a b", hold=held))
    tasks = [asyncio.create_task(said(group)) for _ in range(9)]
    for double in group.doubles:
        await double.arrived(3)
    assert [one.running for one in group.provider.servers()] == [3, 3, 3]
    held.set()
    await asyncio.gather(*tasks)
    assert [one.running for one in group.provider.servers()] == [0, 0, 0]


async def test_a_server_that_has_the_model_in_memory_is_preferred(group):
    """Loading takes longer than anything else."""
    group.doubles[2].catalogue.loaded.add("llama3.2:latest")
    await group.provider.look()
    await said(group)
    assert group.chats == [0, 0, 1]


async def test_a_model_is_asked_only_where_it_is(group):
    """And never replaced by another; the list is the union."""
    group.doubles[1].catalogue.models["rare:1b"] = FakeModel()
    await group.provider.look()
    for _ in range(3):
        assert await said(group, model="rare:1b") == "echo: hi"
    assert group.chats == [0, 3, 0]
    listed = [info.id for info in await group.provider.models()]
    assert listed.count("llama3.2:latest") == 1
    assert "rare:1b" in listed
    with pytest.raises(ModelNotFound):
        await group.provider.describe("nobody")


async def test_a_model_that_was_just_pulled_is_found(group):
    """Though no look has seen it yet."""
    group.doubles[2].catalogue.models["new:1b"] = FakeModel()
    assert (await group.provider.describe("new:1b")).id == "new:1b"
    assert await said(group, model="new:1b") == "echo: hi"


async def test_a_model_of_a_server_that_is_away_is_not_called_missing(group):
    """It is unavailable, which is another answer, and no other model takes its place."""
    group.doubles[1].catalogue.models["rare:1b"] = FakeModel()
    await group.provider.look()
    await group.doubles[1].stop()
    group.clock.step(10)
    await group.provider.look()
    with pytest.raises(UpstreamUnreachable):
        await group.provider.describe("rare:1b")


async def test_a_model_is_described_by_what_all_its_servers_can(group):
    """A prompt that is made for one must fit the others."""
    group.doubles[1].catalogue.models["llama3.2:latest"] = FakeModel(
        context_length=4096, capabilities=("completion",)
    )
    info = await group.provider.describe("llama3.2")
    assert (info.context_tokens, info.can("tools")) == (4096, False)


async def test_leaving_frees_the_server_at_once(group):
    """In the middle of an answer too."""
    group.doubles[0].queue(Reply(content="a b", fault=Fault(kind="hang", after=1)))
    async with aclosing(group.provider.stream(asking())) as stream:
        await anext(stream)
    await left(group.doubles[0].chats[0])
    assert group.provider.servers()[0].running == 0


async def test_vectors_come_from_another_server_too(group):
    """Embedding fails over as answers do."""
    group.doubles[0].fail("/api/embed", failing(500, "broken"))
    request = VectorRequest(model="all-minilm", texts=["a"])
    for _ in range(2):
        assert (await group.provider.embed(request)).rows.shape[0] == 1
    assert group.states == ["failing", "ok", "ok"]


async def test_the_health_of_the_group_names_who_is_away(group):
    """One that works is enough to be well."""
    await group.doubles[0].stop()
    group.clock.step(11)
    health = await group.provider.health()
    assert (health.ok, health.state) == (True, "limited")
    assert group.doubles[0].url in health.detail
    assert "2 of 3 servers answer" in health.detail


async def test_what_many_calls_meet_together_is_one_failure(group):
    """A server that was restarted is not left out for a minute because many had asked it."""
    held = asyncio.Event()
    group.doubles[0].script(lambda _: Reply(status=500, error="it stops", hold=held))
    tasks = [asyncio.create_task(said(group)) for _ in range(24)]
    await group.doubles[0].arrived(8)
    held.set()
    assert set(await asyncio.gather(*tasks)) == {"echo: hi"}
    assert group.provider.servers()[0].retry_in_s == 1.0


async def test_whether_a_server_that_failed_is_well_again_no_request_finds_out(group):
    """It may hang, for as long as a model may take to be loaded: a look comes first."""
    group.doubles[0].queue(failing(500, "broken"))
    await said(group)
    group.clock.step(10)
    before = len(group.doubles[0].requests)
    for _ in range(4):
        assert await said(group) == "echo: hi"
    assert (await group.provider.describe("llama3.2")).can("tools")
    assert await group.provider.models()
    assert len(group.doubles[0].requests) == before
    await group.provider.look()
    assert await said(group) == "echo: hi"
    assert group.chats[0] == 2
