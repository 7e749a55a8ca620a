"""What a run quotes of deleted files goes, out of traces as the agent really leaves them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from backend.ports.models import ModelRequest
from backend.ports.stores import Run
from backend.ports.tools import ToolContext, ToolResult
from backend.ports.values import Citation
from backend.storage.scrubbing import REMOVED, scrubbed
from tests.fakes.scripted_model import ScriptedModel, call
from tests.fakes.turns import USER, Core, LookArgs, make_core

SECRET = "the vault opens at seven"
OTHER = "the shop opens at nine"
PASSAGES = {"file-a": SECRET, "file-b": OTHER}


class Shelf:
    """A tool that quotes the file that is asked for."""

    async def run(self, args: LookArgs, context: ToolContext) -> ToolResult:
        """Quote it, in the text, the citation and the data."""
        text = PASSAGES[args.query]
        cited = Citation(title="Hours", text=text, file_id=args.query, start=3, end=3 + len(text))
        found = {"results": [{"file_id": args.query, "passage": text}]}
        return ToolResult(text=f"[1] {text}", data=found, citations=(cited,))


def _react(request: ModelRequest) -> Any:
    asked = sum(message["role"] == "tool" for message in request.messages)
    script: list[Any] = [
        [call("look_up", "c1", query="file-a"), call("look_up", "c2", query="file-b")],
        [call("look_up", "c3", query="file-a")],
    ]
    return script[{0: 0, 2: 1}[asked]] if asked < 3 else "They open early [1] and late [2]."


def _plan(request: ModelRequest) -> Any:
    schema = request.response_schema
    if not isinstance(schema, dict):
        return "They open early [1] and late [2]."
    if schema["title"] == "Plan":
        steps = [
            {"id": one, "purpose": one, "tool": "look_up", "input": {"query": one}}
            for one in PASSAGES
        ]
        return orjson.dumps({"steps": steps}).decode()
    return '{"passed": true}'


@pytest.fixture(params=[("react", _react), ("plan", _plan)], ids=["react", "plan"])
async def run(request) -> AsyncIterator[Run]:
    """A stored run of each agent that quoted both files."""
    mode, script = request.param
    core: Core = make_core(ScriptedModel(script))
    toolbox = core.turns._parts.toolbox
    toolbox.available["look_up"] = replace(toolbox.available["look_up"], tool=Shelf())
    await core.keep_files(*PASSAGES)
    made = await core.ask("when?", mode=mode)
    stored = await core.stores.runs.get(USER, made.id)
    assert stored is not None
    yield replace(stored, file_ids=("file-a", "file-b"))
    await core.turns.close(grace_s=0)
    await core.checkpoints.aclose()


def _said(run: Run) -> str:
    return orjson.dumps([run.trace, list(run.events)]).decode()


def test_no_passage_of_the_file_is_left_and_those_of_others_stay(run):
    """Neither in results, nor citations, nor in the answer to a repeated call."""
    left = scrubbed(run, {"file-a"})
    assert SECRET in _said(run)
    assert SECRET not in _said(left)
    assert _said(left).count(OTHER) == _said(run).count(OTHER)
    assert left.file_ids == ("file-b",)


def test_a_run_keeps_its_shape(run):
    """Citations, events and messages are as many as before, with their places and ids."""
    left = scrubbed(run, {"file-a"})
    cited = [
        {**one, "text": ""} if one["file_id"] == "file-a" else one for one in run.trace["citations"]
    ]
    assert left.trace["citations"] == cited
    assert [one.get("type") for one in left.events] == [one.get("type") for one in run.events]
    whole, scrubbed_messages = run.trace["transcript"], left.trace["transcript"]
    assert [one.get("tool_call_id") for one in scrubbed_messages] == [
        one.get("tool_call_id") for one in whole
    ]
    same = {"transcript", "citations"}
    assert {k: v for k, v in left.trace.items() if k not in same} == {
        k: v for k, v in run.trace.items() if k not in same
    }


def test_a_result_says_that_it_was_removed(run):
    """In the event, and in the message the model would see again."""
    left = scrubbed(run, {"file-a"})
    ids = {
        one["data"]["call_id"]
        for one in run.events
        if one.get("type") == "tool_result" and SECRET in one["data"]["text"]
    }
    results = [one for one in left.events if one.get("type") == "tool_result"]
    gone = [one for one in results if one["data"]["call_id"] in ids]
    assert [(one["text"], one["data"]["text"]) for one in gone] == [(f"← {REMOVED}\n", REMOVED)]
    assert "data" not in gone[0]["data"]
    assert gone[0]["data"]["outcome"] == "ok"
    messages = left.trace["transcript"]
    assert {one["content"] for one in messages if one.get("tool_call_id") in ids} == {REMOVED}


def test_a_run_without_the_file_stays_as_it_is(run):
    """Also when nothing was deleted at all."""
    assert scrubbed(run, {"file-x"}) == run
    assert scrubbed(run, ()) is run


def test_what_is_stored_does_not_change_by_being_scrubbed(run):
    """A copy is made."""
    before = _said(run)
    scrubbed(run, {"file-a", "file-b"})
    assert _said(run) == before


def test_a_run_that_is_still_going_on_or_odd_can_be_scrubbed():
    """Its trace is empty; events of no known shape stay."""
    going = Run(id="run_1", user_id="u", conversation_id=None, model="m", route="", state="running")
    odd = replace(going, events=({"type": "tool_result"}, {"kind": "content", "text": "x"}))
    assert scrubbed(going, {"file-a"}) == going
    assert scrubbed(odd, {"file-a"}) == odd


async def test_a_passage_found_again_goes_as_well():
    """The second result lists no new citation, but quotes the passage by the number it has."""

    def script(request: ModelRequest) -> Any:
        asked = sum(message["role"] == "tool" for message in request.messages)
        again = {"query": "file-a", "limit": 3} if asked else {"query": "file-a"}
        return [call("look_up", f"c{asked}", **again)] if asked < 2 else "It opens early [1]."

    core = make_core(ScriptedModel(script))
    await core.keep_files(*PASSAGES)
    toolbox = core.turns._parts.toolbox
    toolbox.available["look_up"] = replace(
        toolbox.available["look_up"], tool=Numbered(), args=Loose
    )
    made = await core.ask("when?", mode="react")
    stored = await core.stores.runs.get(USER, made.id)
    assert stored is not None
    results = [one["data"] for one in stored.events if one.get("type") == "tool_result"]
    assert [SECRET in one["text"] for one in results] == [True, True]
    assert [len(one["citations"]) for one in results] == [1, 0]
    assert SECRET not in _said(scrubbed(stored, {"file-a"}))
    await core.turns.close(grace_s=0)
    await core.checkpoints.aclose()


class Loose(LookArgs):
    """Arguments that may differ although the passage is the same."""

    limit: int = 1


class Numbered(Shelf):
    """A tool whose passages have ids of their own, so that one found again keeps its number."""

    async def run(self, args: LookArgs, context: ToolContext) -> ToolResult:
        """Quote it."""
        found = await super().run(args, context)
        cited = tuple(replace(one, id="cit_1") for one in found.citations)
        return replace(found, citations=cited, data={})
