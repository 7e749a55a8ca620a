"""Ordering passages again: what the cross-encoder is asked, what is kept, and what happens without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from backend.documents.reranking import RerankedSearch, RerankingFailed, load_cross_encoder
from backend.ports.documents import Passage, SearchAnswer, SearchQuery

TEXTS = ("apples are red", "pears are green", "the pear tree is old", "plums")


def passage(text: str, number: int) -> Passage:
    return Passage(
        file_id="file-1",
        document_id="doc_1",
        filename="fruit.txt",
        start=number * 100,
        end=number * 100 + len(text),
        text=text,
        score=1 - number / 10,
        relevance=0.8,
        citation_id=f"cit_{number}",
    )


class Found:
    """A search that finds the same passages for everybody."""

    def __init__(self, texts: Sequence[str] = TEXTS) -> None:
        self.asked: list[SearchQuery] = []
        self._passages = tuple(passage(text, at) for at, text in enumerate(texts))

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        self.asked.append(query)
        return SearchAnswer(passages=self._passages[: query.top_k], relevant=True, searched=1)


def likes_pears(model: str) -> Any:
    assert model == "judge"
    return lambda pairs: [float(text.count("pear")) + ("tree" in text) for _, text in pairs]


async def texts_of(search: RerankedSearch, **fields: Any) -> list[str]:
    answer = await search.search("user_ann", SearchQuery(text="pears?", **fields))
    await search.aclose()
    return [one.text for one in answer.passages]


async def test_the_best_of_more_candidates_come_first():
    """What the first ranking had put third is the answer; the search was asked for more than is wanted."""
    found = Found()
    assert await texts_of(RerankedSearch(found, "judge", load=likes_pears), top_k=2) == [
        "the pear tree is old",
        "pears are green",
    ]
    assert (found.asked[0].top_k, found.asked[0].max_chars) == (8, None)


async def test_the_budget_holds_after_the_new_order():
    """The first passage always; of the rest what still fits."""
    search = RerankedSearch(Found(), "judge", load=likes_pears)
    kept = await texts_of(search, top_k=4, max_chars=26)
    assert kept == ["the pear tree is old", "plums"]


async def test_a_score_is_the_judges_own():
    """So that callers see what ordered the answer."""
    search = RerankedSearch(Found(), "judge", load=likes_pears)
    answer = await search.search("user_ann", SearchQuery(text="pears?", top_k=2))
    await search.aclose()
    assert [one.score for one in answer.passages] == [2.0, 1.0]


def fails(_model: str) -> Any:
    raise RerankingFailed("no library")


def breaks(_model: str) -> Any:
    def judge(_pairs: Any) -> Any:
        raise RuntimeError("out of memory")

    return judge


@pytest.mark.parametrize(("load", "why"), [(fails, "no library"), (breaks, "out of memory")])
async def test_without_the_judge_the_first_order_stands_with_a_note(load, why):
    """A search never fails for want of an extra."""
    search = RerankedSearch(Found(), "judge", load=load)
    answer = await search.search("user_ann", SearchQuery(text="pears?", top_k=2))
    await search.aclose()
    assert [one.text for one in answer.passages] == list(TEXTS[:2])
    assert why in answer.notes[0]


async def test_nothing_found_is_not_judged():
    """No model is loaded for an empty library."""
    search = RerankedSearch(Found(()), "judge", load=fails)
    answer = await search.search("user_ann", SearchQuery(text="pears?"))
    await search.aclose()
    assert answer == replace(answer, passages=(), notes=())


def test_a_missing_library_says_how_to_install_it():
    """One line, not a trace-back."""
    with pytest.raises(RerankingFailed, match="pip install sentence-transformers"):
        load_cross_encoder("cross-encoder/ms-marco-MiniLM-L6-v2")
