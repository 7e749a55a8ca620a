"""Lines and events from bytes that are split anywhere."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.lines import LineSplitter, LineTooLong, SseReader


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.binary(max_size=60), st.lists(st.integers(0, 1000), max_size=8))
def test_lines_do_not_depend_on_the_cuts(data, places):
    """What is fed in pieces gives the lines of the whole."""
    splitter = LineSplitter()
    lines = [line for piece in cut(data, places) for line in splitter.feed(piece)]
    assert [*lines, splitter.rest()] == data.split(b"\n")


EVENTS = b"\xef\xbb\xbfdata: a\r\ndata: z\r\n: note\r\n\r\nevent: x\ndata:b\ndata:  c\n\ndata\n\n\rdata: d\r\r"


@given(st.lists(st.integers(0, 1000), max_size=8))
def test_events_do_not_depend_on_the_cuts(places):
    """All line ends, comments, names and joined data lines, however they are cut."""
    reader = SseReader()
    events = [event for piece in cut(EVENTS, places) for event in reader.feed(piece)]
    assert events + reader.rest() == [b"a\nz", b"b\n c", b"d"]


def test_an_unfinished_event_is_given_at_the_end():
    """Some servers leave out the last blank line."""
    reader = SseReader()
    assert (reader.feed(b"data: x"), reader.rest()) == ([], [b"x"])


def test_a_line_without_end_is_refused():
    """Neither a line nor an event may grow without limit."""
    splitter, reader = LineSplitter(max_bytes=10), SseReader(max_bytes=10)
    splitter.feed(b"12345\n1234567890")
    with pytest.raises(LineTooLong):
        splitter.feed(b"1")
    reader.feed(b"data: 1\n")
    with pytest.raises(LineTooLong):
        reader.feed(b"data: 2\n")
