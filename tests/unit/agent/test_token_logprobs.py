"""Log probabilities on their way through a run: those of the answer's tokens, with the text they belong to."""

from __future__ import annotations

from typing import Any

import pytest

from backend.agent.run_log import RunLog, Told, merged, replay
from backend.errors import UnsupportedByModel
from backend.ports.models import ModelDelta, ModelRequest
from backend.ports.values import Usage
from tests.fakes.scripted_model import call
from tests.fakes.turns import Make

ASKED: Any = {"logprobs": 0}


def tokens(*words: str) -> list[ModelDelta]:
    """Say words, each with its log probability."""
    said = [ModelDelta(content=word, logprobs=(told(word),)) for word in words]
    return [*said, ModelDelta(finish_reason="stop", usage=Usage(completion_tokens=len(words)))]


def told(token: str) -> Any:
    """Give a token's log probability."""
    return {"token": token, "logprob": -0.5, "bytes": None, "top_logprobs": []}


def words_of(run: Any) -> list[str]:
    """Name the tokens of a run's answer."""
    return [one["token"] for one in run.logprobs]


async def test_the_tokens_of_an_answer_are_gathered_with_its_pieces(core: Make) -> None:
    """And each piece of text has its own."""
    run = await core(lambda _: tokens("It ", "is ", "3.")).ask("hi", mode="chat", template=ASKED)
    assert (run.log.content(), words_of(run)) == ("It is 3.", ["It ", "is ", "3."])
    pieces = [item for item in run.log.items if isinstance(item, Told)]
    assert [(str(one), [it["token"] for it in one.logprobs]) for one in pieces] == [
        ("It ", ["It "]),
        ("is ", ["is "]),
        ("3.", ["3."]),
    ]


async def test_only_the_answer_of_an_agent_has_them(core: Make) -> None:
    """Remarks before a call have none, and inner calls do not ask for them."""

    def script(request: ModelRequest) -> Any:
        if any(one["role"] == "tool" for one in request.messages):
            return tokens("It ", "is ", "3.")
        made = (call("add", numbers=[1, 2]),)
        return [
            *tokens("I ", "add.")[:2],
            ModelDelta(tool_calls=made, finish_reason="tool_calls"),
        ]

    run = await core(script).ask("add", mode="react", template=ASKED)
    assert (run.log.content(), words_of(run)) == ("It is 3.", ["It ", "is ", "3."])
    assert run.log.reasoning().startswith("I add.\n\n")


async def test_tokens_of_held_text_come_with_it_and_those_after_a_stop_string_do_not(
    core: Make,
) -> None:
    """A piece is told with the tokens that end in it."""
    said = tokens("On", "e S", "T", "ART ", "STOP", " more")
    wanted = {**ASKED, "stop": ("STOP",)}
    run = await core(lambda _: said).ask("hi", mode="chat", template=wanted)
    assert run.log.content() == "One START "
    assert words_of(run) == ["On", "e S", "T", "ART "]


async def test_an_answer_of_a_form_has_those_of_its_json(core: Make) -> None:
    """Without the fence around it."""
    said = tokens("```json\n", '{"a"', ": 1}", "\n```")
    wanted = {**ASKED, "response_schema": "json"}
    run = await core(lambda _: said).ask("hi", mode="chat", template=wanted, live=True)
    assert (run.log.content(), words_of(run)) == ('{"a": 1}', ['{"a"', ": 1}"])


async def test_a_model_server_that_gives_none_is_named(core: Make) -> None:
    """Before any text has gone out."""
    run = await core(lambda _: "It is 3.").ask("hi", mode="chat", template=ASKED)
    assert isinstance(run.error, UnsupportedByModel)
    assert (run.error.param, run.log.content()) == ("logprobs", "")


async def test_an_extractive_model_is_refused_at_once(core: Make) -> None:
    """It weighs no tokens."""
    made = core(lambda _: "It is 3.", capabilities=("tools", "extractive"))
    with pytest.raises(UnsupportedByModel):
        await made.ask("hi", template=ASKED)
    assert made.model.requests == []


async def test_nothing_is_kept_when_they_were_not_asked_for(core: Make) -> None:
    """Plain strings, as ever."""
    run = await core(lambda _: tokens("It ", "is.")).ask("hi", mode="chat")
    assert run.logprobs == []
    assert {type(item) for item in run.log.items if isinstance(item, str)} == {str}


def test_told_text_is_stored_and_replayed_as_answer_text() -> None:
    """Joined with its neighbours."""
    log = RunLog([Told("An", (told("An"),)), "sw", Told("er", (told("er"),))])
    entries = merged(log.items)
    assert entries == [{"kind": "content", "text": "Answer"}]
    assert [entry["text"] for _, entry in replay(entries, (0, 2))] == ["swer"]
