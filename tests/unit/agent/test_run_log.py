"""The run log: waiting, joining, and replay from any point."""

from __future__ import annotations

import asyncio

import pytest

from backend.agent.progress import log_again
from backend.agent.run_log import (
    START,
    RunLog,
    Thought,
    event_id,
    goes_on,
    life_of,
    merged,
    parse_cursor,
    replay,
)
from backend.errors import InvalidRequest
from backend.ports.values import JsonObject, TurnEvent


def sample() -> RunLog:
    """Make a log of thoughts, an event and answer text in pieces."""
    log = RunLog()
    event = TurnEvent(type="tool_call", text="calling", data={"n": 1})
    for item in (Thought("hm"), Thought(" well"), event, "An", "sw", "er"):
        log.add(item)
    return log


def test_neighbouring_text_of_one_kind_is_joined() -> None:
    """Three entries of six items."""
    assert merged(sample().items) == [
        {"kind": "reasoning", "text": "hm well"},
        {"kind": "event", "type": "tool_call", "text": "calling", "data": {"n": 1}},
        {"kind": "content", "text": "Answer"},
    ]


def test_a_replay_from_any_point_completes_what_was_seen() -> None:
    """Whatever was seen, seen plus replayed is the whole, without gap or repeat."""
    entries = merged(sample().items)
    whole = [(entry["kind"], entry["text"]) for _, entry in replay(entries, (0, 0))]
    assert "".join(text for kind, text in whole if kind == "content") == "Answer"
    for index, offset in [(0, 3), (0, 7), (1, 1), (2, 0), (2, 4), (2, 6)]:
        before = [
            (entry["kind"], entry["text"] if at < index else entry["text"][:offset])
            for at, entry in enumerate(entries[: index + 1])
        ]
        after = [(entry["kind"], entry["text"]) for _, entry in replay(entries, (index, offset))]
        for kind in ("reasoning", "content"):
            joined = "".join(text for found, text in [*before, *after] if found == kind)
            assert joined == "".join(text for found, text in whole if found == kind)


def test_a_cursor_means_the_same_while_text_is_still_growing() -> None:
    """An entry that grew since is replayed from where it was left."""
    log = sample()
    *_, (cursor, _) = replay(merged(log.items), (0, 0))
    log.add("!")
    assert list(replay(merged(log.items), cursor)) == [((2, 7), {"kind": "content", "text": "!"})]


@pytest.mark.parametrize(
    "text", ["x", "1", "1.", ".1", "-1.2", "1.2.x", "1.2.3.4", "9" * 30 + ".1"]
)
def test_an_event_id_that_is_not_ours_is_refused(text: str) -> None:
    """The header is named."""
    with pytest.raises(InvalidRequest) as caught:
        parse_cursor(text)
    assert caught.value.param == "Last-Event-ID"


async def test_a_reader_wakes_for_news_for_the_end_and_for_a_nudge() -> None:
    """Waiting costs nothing until something happens."""
    log = RunLog()
    for act in (lambda: log.add("x"), log.nudge, log.close):
        reader = asyncio.create_task(log.changed(len(log.items)))
        await asyncio.sleep(0)  # noqa: TID251 - lets the reader begin to wait
        assert not reader.done()
        act()
        await reader
    await log.changed(99)


def test_behind_a_crash_only_positions_that_still_hold_go_on() -> None:
    """Words added at the end leave what was kept as it was; an answer given anew does not."""
    said: list[JsonObject] = [
        {"kind": "content", "text": "one two"},
        {"kind": "event", "type": "notice", "text": "cut", "data": {"notice": "cut", "life": 1}},
        {"kind": "content", "text": "cut"},
    ]
    assert [goes_on(said, at, 0) for at in ((0, 7), (0, 99), (1, 1), (2, 2))] == [
        True, True, False, False,
    ]  # fmt: skip
    assert goes_on(said, (2, 2), 1)
    again = merged(log_again(said, ()).items)
    assert life_of(again) == 2
    assert [goes_on(again, (0, 7), life) for life in (0, 1, 2)] == [False, False, True]
    assert goes_on(again, START, 0)
    assert parse_cursor(event_id((3, 4), 2)) == ((3, 4), 2)
    assert parse_cursor(event_id((3, 4), 0)) == ((3, 4), 0)
