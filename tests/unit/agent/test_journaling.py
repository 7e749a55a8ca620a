"""What a run shows is written down as it grows, and put together elsewhere as the very same log."""

from __future__ import annotations

from typing import Any

from backend.agent.following import FarRun
from backend.agent.journaling import Page
from backend.agent.run_log import RunLog, Thought, merged
from backend.ports.values import TurnEvent


def _page(**more: Any) -> Page:
    return Page(id="run_1", user_id="user_1", log=RunLog(), stored=True, **more)


def _same(page: Page, far: FarRun) -> bool:
    row = page.next_row()
    far.take([] if row is None else [row])
    return merged(far.log.items) == merged(page.log.items)


def test_a_reader_elsewhere_has_the_same_entries_after_every_row() -> None:
    """Whatever comes between the rows, also text that becomes a remark long after it was written."""
    page, far = _page(), FarRun(id="run_1", user_id="user_1")
    page.log.add("Let me ")
    assert _same(page, far)
    page.log.add("look. ")
    page.log.add(Thought("hm"))
    assert _same(page, far)
    begun = len(page.log.items)
    page.log.add("I call")
    assert _same(page, far)
    page.log.add(" a tool")
    page.log.demote(begun)
    page.log.add(TurnEvent(type="tool_call", text="add\n", data={"call_id": "1"}))
    assert _same(page, far)
    page.log.demote(0)
    page.log.add("It is 3.")
    assert _same(page, far)
    assert far.log.content() == "It is 3."


def test_nothing_new_writes_no_row_and_a_lost_one_is_written_again() -> None:
    """From the beginning, in the place of all rows there are."""
    page, far = _page(), FarRun(id="run_1", user_id="user_1")
    assert page.next_row() is None
    page.log.add("one ")
    assert _same(page, far)
    page.log.add("two ")
    page.next_row()
    page.begin_again()
    page.log.add("three")
    row = page.next_row()
    assert row is not None
    assert (row.at, row.seq, row.replaces) == (0, 3, True)
    far.take([row])
    assert far.log.content() == "one two three"


def test_the_end_of_a_log_without_a_row_is_told_by_its_journal() -> None:
    """Once, after all it has shown."""
    page, far = _page(), FarRun(id="run_1", user_id="user_1", stored=False)
    page.stored = False
    page.log.add("done")
    page.state = "cancelled"
    assert _same(page, far)
    assert (far.state, far.log.closed, far.log.content()) == ("cancelled", True, "done")
    assert page.next_row() is None
