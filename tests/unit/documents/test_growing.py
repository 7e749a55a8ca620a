from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.documents.growing import JOINED_WHOLE, Neighbourhood, grown
from backend.ports.document_stores import FoundChunk


def chunks(*sizes: int, document_id: str = "d", page: int | None = None) -> list[FoundChunk]:
    """Give neighbouring chunks of these sizes, one character apart."""
    made: list[FoundChunk] = []
    start = 0
    for ordinal, size in enumerate(sizes):
        made.append(
            FoundChunk(
                id=hash((document_id, ordinal)),
                document_id=document_id,
                ordinal=ordinal,
                start=start,
                end=start + size,
                heading="",
                page=page,
                kind="text",
            )
        )
        start += size + 1
    return made


def grow(hits: list[FoundChunk], around: list[FoundChunk], *, max_chars: int, limit: int = 9):
    stretches = grown(hits, Neighbourhood(around), max_chars=max_chars, limit=limit)
    return [(one.first.ordinal, one.last.ordinal, one.hit.ordinal) for one in stretches]


def test_a_hit_takes_the_nearer_neighbour_first_until_it_is_full():
    """Growth is balanced and ends before the size is passed."""
    row = chunks(*[100] * 9)
    assert grow([row[4]], row, max_chars=310) == [(3, 5, 4)]
    assert grow([row[0]], row, max_chars=310) == [(0, 2, 0)]


def test_hits_inside_a_passage_make_none_of_their_own():
    """A later hit within a grown one adds nothing."""
    row = chunks(*[100] * 12)
    assert grow([row[4], row[5], row[11]], row, max_chars=310) == [(3, 5, 4), (9, 11, 11)]


def test_passages_that_touch_become_one_in_the_better_ones_place():
    """A hit next to a passage makes it longer, up to one and a half times."""
    row = chunks(*[100] * 12)
    assert grow([row[4], row[7]], row, max_chars=310) == [(3, 5, 4), (6, 8, 7)]
    assert grow([row[4], row[11], row[6]], row[:7] + row[11:], max_chars=310) == [
        (3, 6, 4),
        (11, 11, 11),
    ]


def test_a_short_document_is_shown_whole_rather_than_in_two():
    """Two halves that are all there is may be twice as long as one passage."""
    row = chunks(*[100] * 6)
    assert grow([row[1], row[4]], row, max_chars=310) == [(0, 5, 1)]


def test_a_passage_ends_with_its_page():
    """The page that is cited holds all of it."""
    first = chunks(100, 100, page=1)
    second = [
        FoundChunk(
            id=one.id + 1,
            document_id="d",
            ordinal=one.ordinal + 2,
            start=one.start + 202,
            end=one.end + 202,
            heading="",
            page=2,
            kind="text",
        )
        for one in chunks(100, 100)
    ]
    assert grow([first[1]], first + second, max_chars=900) == [(0, 1, 1)]


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=20),
    st.lists(st.integers(0, 19), min_size=1, max_size=12),
    st.integers(1, 1000),
)
def test_passages_never_overlap_and_never_grow_too_long(sizes, picks, max_chars):
    """Whatever is hit: disjoint stretches, the best first, each with its hit in it."""
    row = chunks(*sizes)
    hits = [row[pick] for pick in dict.fromkeys(picks) if pick < len(row)]
    stretches = grown(hits, Neighbourhood(row), max_chars=max_chars, limit=99)
    taken = [n for one in stretches for n in range(one.first.ordinal, one.last.ordinal + 1)]
    assert len(taken) == len(set(taken))
    assert {hit.ordinal for hit in hits} <= set(taken)
    assert [one.rank for one in stretches] == sorted(one.rank for one in stretches)
    for one in stretches:
        alone = one.first is one.last
        assert alone or one.end - one.start <= max_chars * JOINED_WHOLE
