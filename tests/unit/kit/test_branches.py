"""Ways through a tree of things that follow each other."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from backend.kit.branches import newest, newest_below, path_to, side_by_side


@dataclass(frozen=True)
class Thing:
    """Something that follows another."""

    id: str
    parent_id: str | None = None


# a - b - c
#  \    \ e
#   d
TREE = [Thing("a"), Thing("b", "a"), Thing("c", "b"), Thing("d", "a"), Thing("e", "b")]


def names(things):
    return "".join(one.id for one in things)


def test_a_way_leads_from_the_first_thing_to_the_head():
    """Both included."""
    ways = {head: names(path_to(TREE, head)) for head in "abcde"}
    assert ways == {"a": "a", "b": "ab", "c": "abc", "d": "ad", "e": "abe"}


def test_without_a_head_there_is_no_way_and_a_lost_one_gives_way_to_the_newest():
    """Of nothing there is nothing."""
    assert path_to(TREE, None) == []
    assert names(path_to(TREE, "z")) == "abe"
    assert path_to([], "z") == []
    assert (newest(TREE), newest([])) == ("e", None)


def test_what_is_newest_below_a_thing_was_written_last_of_all_that_follows_it():
    """Itself when nothing does; under none of them, of all."""
    found = {root: newest_below(TREE, root) for root in [*"abcde", None]}
    assert found == {"a": "e", "b": "e", "c": "c", "d": "d", "e": "e", None: "e"}


def test_things_that_follow_the_same_one_stand_side_by_side():
    """The oldest first."""
    assert side_by_side(TREE) == {None: ["a"], "a": ["b", "d"], "b": ["c", "e"]}


@given(
    st.lists(
        st.builds(Thing, st.sampled_from("abcdef"), st.none() | st.sampled_from("abcdefz")),
        max_size=12,
    ),
    st.none() | st.sampled_from("abcdefz"),
)
def test_no_damage_makes_a_way_endless(things, head):
    """Circles, doubles and missing parents end it."""
    assert len(path_to(things, head)) <= len(things)
    newest_below(things, head)
    assert sum(map(len, side_by_side(things).values())) == len(things)
