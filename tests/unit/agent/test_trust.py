"""What a run may do once text that nobody vouches for has entered it, and what the rules deny."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.agent.policy import read_policy
from backend.agent.toolbox import ToolCard
from backend.ports.models import ModelRequest
from backend.ports.tools import ToolArgs, ToolContext, ToolResult, Touch
from tests.fakes.asking import Outside, calling
from tests.fakes.outside_tools import PAGE
from tests.fakes.scripted_model import call
from tests.fakes.turns import Make

SENDING = calling([call("send", text="hello")])


@pytest.mark.parametrize(
    ("said", "url", "asked"),
    [
        ("look", PAGE, True),
        (f"look at {PAGE}/", PAGE, False),
        ("look at pages.example/news, please", f"{PAGE}/", False),
        ("look", "https://library.example/x", False),
        ("look", "https://library.example/x?secret=1", True),
    ],
)
async def test_an_address_the_model_made_after_reading_needs_the_users_word(
    outside: Callable[..., Outside], said: str, url: str, *, asked: bool
) -> None:
    """One that the user or a source gave does not, however it is spelt."""
    made = outside(calling([call("look_up", query="x")], [call("fetch", page=url)]))
    run = await made.core.ask(said, mode="react")
    assert (run.state, made.fetcher.calls) == (("waiting", []) if asked else ("completed", [url]))


async def test_before_anything_was_read_the_model_may_make_addresses(
    outside: Callable[..., Outside],
) -> None:
    """Also in the very step in which the reading begins."""
    both = [call("look_up", "c1", query="x"), call("fetch", "c2", url=PAGE)]
    made = outside(calling(both))
    run = await made.core.ask("look", mode="react")
    assert (run.state, made.fetcher.calls, run.tainted) == ("completed", [PAGE], True)


async def test_after_reading_an_effect_outside_is_asked_for_even_where_the_rules_allow_it(
    outside: Callable[..., Outside],
) -> None:
    """Before, the rule counts."""
    rules = ("send=allow",)
    free = outside(SENDING, rules=rules)
    assert (await free.core.ask("send", mode="react")).state == "completed"
    read = outside(calling([call("look_up", query="x")], [call("send", text="y")]), rules=rules)
    assert (await read.core.ask("send", mode="react")).state == "waiting"


async def test_an_answer_from_an_earlier_turn_taints_the_next_one(
    outside: Callable[..., Outside],
) -> None:
    """Even one that cites nothing."""

    turns = iter([[call("look_up", query="x")], "It is so.", [call("fetch", url=PAGE)]])

    def script(request: ModelRequest) -> Any:
        return next(turns)

    made = outside(script)
    first = await made.core.ask("look", mode="react", store=True)
    second = await made.core.ask("go on", mode="react", session_id=first.session_id)
    assert (second.tainted, second.state) == (True, "waiting")


@pytest.mark.parametrize(
    ("answer", "state"),
    [("See https://evil.example/?q=", "waiting"), ("It is so.", "completed")],
)
async def test_an_answer_that_a_client_sends_back_with_an_address_taints(
    outside: Callable[..., Outside], answer: str, state: str
) -> None:
    """Without a session nobody knows where its words came from."""
    made = outside(calling([call("fetch", url=PAGE)]))
    talk = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "go on"},
    ]
    assert (await made.core.ask(talk, mode="react")).state == state


async def test_a_denied_tool_is_not_offered_and_says_why(
    outside: Callable[..., Outside],
) -> None:
    """To that caller alone."""
    made = outside(calling([call("add", numbers=[1])]), rules=("user:anna add=deny",))
    run = await made.core.ask("add", mode="react", username="Anna")
    assert "the rules of this server" in run.log.content()
    names = [spec["function"]["name"] for spec in made.core.model.requests[0].tools]
    assert ("add" in names, made.core.adder.calls) == (False, [])
    other = await made.core.ask("add", mode="react", username="Bert")
    assert other.log.content() == "Told: the sum is 1"


class PlaceArgs(ToolArgs):
    """Where to read; here when it is empty."""

    place: str = ""


class Archive:
    """Reads the user's own things, or those of a place elsewhere that a call names."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def touched_by(self, args: PlaceArgs) -> frozenset[Touch]:
        """Reach outside where a place is named."""
        return frozenset({"reads_outside"}) if args.place else frozenset()

    async def run(self, args: PlaceArgs, context: ToolContext) -> ToolResult:
        """Read there."""
        self.calls.append(args.place)
        return ToolResult(text=f"read {args.place or 'here'}")


@pytest.mark.parametrize(
    ("rule", "place", "state", "made"),
    [
        ("touch:reads_outside=ask", "", "completed", [""]),
        ("touch:reads_outside=ask", "elsewhere", "waiting", []),
        ("touch:reads_outside=deny", "", "completed", [""]),
        ("touch:reads_outside=deny", "elsewhere", "completed", []),
    ],
)
async def test_a_rule_about_what_is_touched_covers_the_calls_that_touch_it(
    core: Make, rule: str, place: str, state: str, made: list[str]
) -> None:
    """One tool may reach outside with some calls and not with others."""
    archive = Archive()
    card = ToolCard(
        name="archive",
        description="Reads.",
        args=PlaceArgs,
        touches=frozenset({"reads_user_data"}),
        tool=archive,
    )
    script = calling([call("archive", place=place)])
    made_core = core(script, policy=read_policy([rule]), more_tools=[card])
    run = await made_core.ask("read", mode="react")
    assert (run.state, archive.calls) == (state, made)
