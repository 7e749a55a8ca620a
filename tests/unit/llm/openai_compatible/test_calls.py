"""Tool calls from the fragments that different servers send."""

from __future__ import annotations

import pytest

from backend.llm.openai_compatible.calls import CallAssembler


def fragment(index=None, call_id=None, name=None, arguments=None):
    function = {"name": name, "arguments": arguments}
    made = {"index": index, "id": call_id, "function": function}
    made["function"] = {key: value for key, value in function.items() if value is not None}
    return {key: value for key, value in made.items() if value is not None}


def call(call_id, name, arguments):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


A1, B2 = call("a", "f", '{"x":1}'), call("b", "g", '{"y":2}')
STREAMS = {
    "fragments by index": [
        [fragment(0, "a", "f", "")],
        [fragment(0, arguments='{"x"')],
        [fragment(1, "b", "g", "")],
        [fragment(0, arguments=":1}"), fragment(1, arguments='{"y":2}')],
    ],
    "id and name repeated in each fragment": [
        [fragment(0, "a", "f", '{"x"')],
        [fragment(0, "a", "f", ":1}")],
        [fragment(1, "b", "g", '{"y":2}')],
    ],
    "an index that starts again with a new id": [
        [fragment(0, "a", "f", '{"x":1}')],
        [fragment(0, "b", "g", '{"y"')],
        [fragment(0, arguments=":2}")],
    ],
    "no index, ids first": [
        [fragment(None, "a", "f", '{"x"')],
        [fragment(None, arguments=":1}")],
        [fragment(None, "b", "g", '{"y":2}')],
    ],
    "whole calls in one delta without index": [
        [fragment(None, "a", "f", '{"x":1}'), fragment(None, "b", "g", '{"y":2}')]
    ],
    "arguments as objects": [
        [fragment(0, "a", "f", {"x": 1})],
        [fragment(1, "b", "g", {"y": 2})],
    ],
    "the id after the name": [
        [fragment(0, None, "f", '{"x":1}')],
        [fragment(0, "a")],
        [fragment(1, "b", "g", '{"y":2}')],
    ],
}


@pytest.mark.parametrize("name", STREAMS)
def test_every_servers_fragments_make_the_same_calls(name):
    """Two calls, each once, each whole."""
    assembler = CallAssembler()
    for fragments in STREAMS[name]:
        assembler.add(fragments)
    assert assembler.whole(valid_only=False) == (A1, B2)


def test_whole_calls_without_index_and_id_are_told_apart_by_their_names():
    """Each named fragment begins a call; ids are minted."""
    assembler = CallAssembler()
    assembler.add([fragment(None, None, "f", '{"x":1}'), fragment(None, None, "g")])
    made = assembler.whole(valid_only=False)
    assert [one["function"] for one in made] == [
        {"name": "f", "arguments": '{"x":1}'},
        {"name": "g", "arguments": "{}"},
    ]
    assert len({one["id"] for one in made}) == 2


def test_a_call_cut_off_in_its_arguments_can_be_left_out():
    """After `length` a broken call must not be run."""
    assembler = CallAssembler()
    assembler.add([fragment(0, "a", "f", '{"x":1}'), fragment(1, "b", "g", '{"y"')])
    assert assembler.whole(valid_only=True) == (A1,)
