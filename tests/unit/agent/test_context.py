"""Fitting a conversation into a context: what goes first, and what never loses its partner."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from backend.agent.context import SHORTENED_CHARS, TokenEstimate, fit
from backend.errors import ContextTooLong
from backend.ports.models import ModelRequest
from backend.ports.values import ChatMessage
from tests.fakes.scripted_model import call
from tests.fakes.turns import Make, turn

MODEL = "m"


def user(text: str) -> ChatMessage:
    """Write a user message."""
    return {"role": "user", "content": text}


def exchange(at: int, size: int) -> list[ChatMessage]:
    """Write a call and its result."""
    return [
        {"role": "assistant", "content": None, "tool_calls": [call("t", f"c{at}", at=at)]},
        {"role": "tool", "tool_call_id": f"c{at}", "content": "x" * size},
    ]


def fitted(messages: list[ChatMessage], budget: int) -> list[ChatMessage]:
    """Fit with an estimate that has learnt nothing."""
    return fit(messages, model=MODEL, budget_tokens=budget, estimate=TokenEstimate()).messages


def lone(messages: list[ChatMessage]) -> tuple[set[str], set[str]]:
    """Give call ids without a result, and results without a call."""
    calls = {one["id"] for message in messages for one in message.get("tool_calls", ())}
    results = {message.get("tool_call_id", "") for message in messages if message["role"] == "tool"}
    return calls - results, results - calls


@pytest.mark.parametrize("budget", [400, 800, 1200, 2000, 4000])
def test_calls_and_results_are_never_separated(budget: int) -> None:
    """However little room there is, and the newest result stays."""
    messages = [user("old"), *exchange(0, 3000), user("new")]
    for at in range(1, 8):
        messages += exchange(at, 3000)
    kept = fitted(messages, budget)
    assert lone(kept) == (set(), set())
    assert user("new") in kept
    assert kept[-1].get("tool_call_id") == "c7"
    assert TokenEstimate().tokens(MODEL, kept) <= budget


def test_one_giant_result_is_cut_to_what_there_is_room_for() -> None:
    """Not to a stump."""
    kept = fitted([user("new"), *exchange(1, 100_000)], 2000)
    content = str(kept[-1].get("content"))
    assert 5_000 < len(content) < 7_500


def test_older_results_give_way_before_newer_ones() -> None:
    """What was found last matters most."""
    kept = fitted([user("new"), *exchange(1, 4000), *exchange(2, 4000)], 1800)
    sizes = [len(str(one.get("content"))) for one in kept if one["role"] == "tool"]
    assert SHORTENED_CHARS < sizes[0] < 4000
    assert sizes[1] == 4000


def test_a_pasted_text_that_does_not_fit_is_refused_with_its_size() -> None:
    """Nobody's own words are cut silently."""
    with pytest.raises(ContextTooLong) as caught:
        fitted([user("x" * 36_000)], 1000)
    assert "needs about 10005 tokens" in caught.value.message


def test_scripts_of_several_bytes_a_character_count_for_more() -> None:
    """A Chinese text has about a token per character, not one per three and a half."""
    estimate = TokenEstimate()
    assert estimate.tokens(MODEL, [user("\u6c49" * 1000)]) > 800
    assert estimate.tokens(MODEL, [user("a" * 1000)]) < 300


def test_counts_without_the_cached_part_do_not_run_away() -> None:
    """A hundred half-cached counts must not make a prompt that fills the window look small."""
    estimate = TokenEstimate()
    messages = [user("word " * 2000)]
    before = estimate.tokens(MODEL, messages)
    for _ in range(100):
        counted = estimate.tokens(MODEL, messages) * 6 // 10
        estimate.learn(MODEL, ModelRequest(model=MODEL, messages=messages), counted)
    assert estimate.tokens(MODEL, messages) > before * 0.75


def test_the_tools_in_a_prompt_are_not_counted_as_its_text() -> None:
    """A count for a short question with long tool specs says nothing bad about the question."""
    estimate = TokenEstimate()
    messages = [user("word " * 100)]
    tools: list[Any] = [{"type": "function", "function": {"name": "t", "description": "d " * 4000}}]
    before = estimate.tokens(MODEL, messages)
    request = ModelRequest(model=MODEL, messages=messages, tools=tools)
    estimate.learn(MODEL, request, estimate.tokens(MODEL, messages) + estimate.tools(MODEL, tools))
    assert estimate.tokens(MODEL, messages) == before


async def test_a_loop_that_outgrows_the_context_goes_on_with_its_newest_results(
    core: Make,
) -> None:
    """Every run ends with an answer."""

    steps = itertools.count()

    def script(request: ModelRequest) -> Any:
        if not request.tools:
            return "Done."
        at = next(steps)
        return [call("add", f"c{at}_{n}", numbers=[at, *([n] * 1500)]) for n in range(3)]

    made = core(script, react_max_iterations=5)
    run = await made.ask("add much", mode="react")
    assert (run.state, run.log.content()) == ("completed", "Done.")
    assert "left out" in run.log.reasoning()
    assert all(lone(list(one.messages)) == (set(), set()) for one in made.model.requests)


async def test_a_question_that_leaves_no_room_for_tools_is_answered_without_them(
    core: Make,
) -> None:
    """A wrong route never breaks an answer."""
    made = core(lambda request: "Short." if not request.tools else "never")
    for mode in ("react", "plan"):
        run = await made.ask("x" * 21_900, mode=mode)
        assert (run.state, run.log.content()) == ("completed", "Short.")


async def test_a_model_is_called_by_its_own_name(core: Make) -> None:
    """`default` is a word of ours."""
    made = core(lambda _: "Hi.")
    await made.ask("hello")
    asked = replace(turn("hello"), template=ModelRequest(model="default", messages=()))
    await (await made.turns.start(asked)).done()
    assert made.model.requests[-1].model == "scripted"
