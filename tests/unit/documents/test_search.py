from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.documents.extracted import Extracted, Span
from backend.documents.index.user_index import UserIndexes
from backend.documents.search import Searcher, SearchStores
from backend.ports.documents import FileFilter, SearchAnswer, SearchQuery
from backend.ports.embedding import Embedder
from tests.fakes.document_rows import DocumentRows
from tests.fakes.fake_embedder import FakeEmbedder

GARDEN = (
    "The garden opens in April. Visitors may bring dogs on a leash. The fountain is cleaned every "
    "spring by volunteers. Picnics are allowed on the lawn behind the greenhouse."
)
PUMP = (
    "The pump needs oil twice a year. Its pressure must not pass nine bar. A hissing noise tells of "
    "a worn seal. Spare seals lie in the red cupboard."
)


class Library:
    """Documents in memory and a searcher over them."""

    def __init__(self, folder: Path) -> None:
        self.rows = DocumentRows(chunk_chars=120)
        self.embedder = FakeEmbedder()
        self.embedders: dict[str, Embedder] = {"fake": self.embedder}
        self.indexes = UserIndexes(folder, self.rows, memory_bytes=2**30)
        stores = SearchStores(documents=self.rows, files=self.rows, spaces=self.rows)
        self._searcher = Searcher(stores, self.indexes, self, passage_chars=300)

    def of(self, space: str) -> Embedder | None:
        return self.embedders.get(space)

    async def ask(self, text: str, user_id: str = "ada", **options) -> SearchAnswer:
        await self.rows.embed(self.embedder) if not self.embedder.failure else None
        return await self._searcher.search(user_id, SearchQuery(text=text, **options))


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    library = Library(tmp_path / "indexes")
    library.rows.add("ada", "garden.txt", GARDEN, created_at_ms=1)
    library.rows.add("ada", "pump.md", PUMP, kind="markdown", created_at_ms=2)
    library.rows.add("bob", "secret.txt", "Bob's pump code is zebra77.", created_at_ms=3)
    yield library
    await library.indexes.aclose()


def names(answer: SearchAnswer) -> list[str]:
    return [one.filename for one in answer.passages]


async def test_the_best_passage_comes_first_and_is_literally_there(library):
    """Text, offsets, file and document belong together; scores fall."""
    answer = await library.ask("how is the fountain cleaned")
    first = answer.passages[0]
    file = await library.rows.get("ada", first.file_id)
    assert (first.filename, first.document_id) == ("garden.txt", file.document.id)
    assert "fountain is cleaned" in first.text
    assert all(
        one.text in {GARDEN[one.start : one.end], PUMP[one.start : one.end]}
        for one in answer.passages
    )
    assert [one.score for one in answer.passages] == sorted(
        (one.score for one in answer.passages), reverse=True
    )
    assert (answer.relevant, answer.searched, answer.unready, answer.notes) == (True, 2, 0, ())


async def test_another_users_documents_are_never_found(library):
    """Not by their words, not by a filter that names them."""
    theirs = next(one for one in library.rows.file_rows.values() if one.user_id == "bob")
    answer = await library.ask("pump code zebra77")
    assert "secret.txt" not in names(answer)
    within = FileFilter(file_ids=(theirs.id,))
    assert await library.ask("zebra77", within=within) == SearchAnswer(
        passages=(), relevant=False, searched=0
    )
    assert names(await library.ask("zebra77", "bob")) == ["secret.txt"]


async def test_a_question_nothing_answers_is_not_relevant(library):
    """What is near may still be shown; it is not called an answer."""
    answer = await library.ask("quantum chromodynamics lattices")
    assert not answer.relevant
    assert all(one.relevance < 0.5 for one in answer.passages)


@pytest.mark.parametrize(
    "within",
    [
        FileFilter(kinds=("markdown",)),
        FileFilter(name_contains="PUMP"),
        FileFilter(created_from_ms=2),
    ],
)
async def test_filters_leave_only_what_fits(library, within):
    """By kind, name and date; the answer tells how many documents were looked through."""
    answer = await library.ask("the garden fountain", within=within)
    assert set(names(answer)) == {"pump.md"}
    assert answer.searched == 1


async def test_a_document_of_two_names_is_shown_under_the_oldest_that_fits(library):
    """The same bytes are found once, under a name the filter allows."""
    document_id = next(iter(library.rows.stored))
    newer = library.rows.name("ada", document_id, "copy.txt", created_at_ms=9)
    assert (await library.ask("fountain")).passages[0].filename == "garden.txt"
    within = FileFilter(file_ids=(newer.id,))
    assert names(await library.ask("fountain", within=within)) == ["copy.txt"]


async def test_the_same_text_in_two_documents_is_shown_once(library):
    """A near copy takes no place; another number makes another text."""
    library.rows.add("ada", "garden2.txt", GARDEN.replace("every spring", "each spring"))
    library.rows.add("ada", "garden3.txt", GARDEN.replace("April", "April 2024"))
    answer = await library.ask("garden fountain volunteers", top_k=9)
    said = [one for one in names(answer) if one.startswith("garden")]
    assert len(said) == 2
    assert "garden3.txt" in said


@pytest.mark.parametrize("max_chars", [1, 40, 119, 150, 400, 10_000])
async def test_the_budget_is_kept_by_all_passages_together(library, max_chars):
    """What does not fit is cut after the hit, at a word where there is one."""
    answer = await library.ask("pump oil seal", max_chars=max_chars)
    assert 0 < sum(len(one.text) for one in answer.passages) <= max_chars
    for one in answer.passages:
        assert one.text == PUMP[one.start : one.end] or one.text == GARDEN[one.start : one.end]


async def test_no_more_passages_than_asked_for(library):
    """The best one alone."""
    answer = await library.ask("pump oil seal", top_k=1)
    assert len(answer.passages) == 1


async def test_a_deleted_document_is_gone_although_the_index_still_has_it(library):
    """What the database no longer has is not shown, whatever the caches say."""
    await library.ask("fountain")
    gone = next(iter(library.rows.stored))
    version = library.rows.versions["ada"]
    library.rows.erase("ada", gone)
    library.rows.versions["ada"] = version  # the index does not know yet
    stores = SearchStores(documents=library.rows, files=library.rows, spaces=library.rows)
    answer = await Searcher(stores, library.indexes, library).search(
        "ada", SearchQuery(text="fountain")
    )
    assert "garden.txt" not in names(answer)


async def test_words_alone_answer_when_nothing_can_embed(library):
    """The answer says so, with the reason, and is still relevant."""
    await library.ask("fountain")
    library.embedder.failure = "Ollama does not answer."
    answer = await library.ask("fountain cleaned spring volunteers")
    assert answer.passages[0].filename == "garden.txt"
    assert answer.relevant
    assert answer.notes == ("Searched by words alone: Ollama does not answer.",)


async def test_a_space_nobody_embeds_for_is_searched_by_words(library):
    """After the provider was taken away the library still answers."""
    await library.ask("fountain")
    library.embedders.clear()
    answer = await library.ask("fountain")
    assert names(answer)[0] == "garden.txt"
    assert answer.notes


@pytest.mark.parametrize("text", ["!?", "🙂", "…"])
async def test_a_question_without_words_is_searched_by_meaning(library, text):
    """Signs alone have a vector."""
    answer = await library.ask(text)
    assert len(answer.passages) == 2
    assert answer.passages[0].score > 0.5
    assert not answer.relevant


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_an_empty_question_finds_nothing(library, text):
    """Nothing asked, nothing embedded."""
    answer = await library.ask(text)
    assert (answer.passages, answer.relevant, answer.searched) == ((), False, 2)
    assert text not in library.embedder.asked


async def test_a_user_without_documents_gets_an_empty_answer(library, tmp_path):
    """And no index is made."""
    assert await library.ask("anything", "eve") == SearchAnswer(
        passages=(), relevant=False, searched=0
    )
    assert not (tmp_path / "indexes" / "eve").exists()


@pytest.mark.parametrize("text", ["word " * 5000, "\ud800 lone", "a\x00b", "x" * 100_000, '"*:^()'])
async def test_any_text_may_be_asked(library, text):
    """Long, broken or full of syntax: an answer, no error."""
    assert (await library.ask(text)).searched == 2


async def test_a_hit_grows_by_its_neighbours_and_keeps_its_page(tmp_path):
    """A passage is whole sentences around the hit, and ends with the page that is cited."""
    first = "Alpha begins. " * 12
    second = "The zebra crossing is painted yellow. Nobody knows why it is. "
    text = first + "\n\n" + second
    spans = (
        Span(start=0, end=len(first) - 1, page=1),
        Span(start=len(first) + 2, end=len(text) - 1, page=2),
    )
    library = Library(tmp_path / "indexes")
    library.rows.add(
        "ada", "p.pdf", Extracted(text=text, spans=spans, page_starts=(0, len(first) + 2))
    )
    found = (await library.ask("zebra crossing")).passages[0]
    assert (found.page, found.text) == (2, second.strip())


async def test_searches_at_the_same_time_do_not_mix(library):
    """Many questions of two users at once give each its own answer."""
    await library.ask("fountain")
    asked = [("fountain", "ada"), ("zebra77", "bob"), ("seal", "ada")] * 8
    stores = SearchStores(documents=library.rows, files=library.rows, spaces=library.rows)
    searcher = Searcher(stores, library.indexes, library)
    answers = await asyncio.gather(
        *(searcher.search(user, SearchQuery(text=text)) for text, user in asked)
    )
    best = [answer.passages[0].filename for answer in answers]
    assert best == ["garden.txt", "secret.txt", "pump.md"] * 8


async def test_an_index_damaged_while_loaded_is_made_anew(library, tmp_path):
    """A search over a broken file still answers."""
    before = await library.ask("fountain")
    index = await library.indexes.fresh("ada", await library.embedder.space())
    index.lexical.close()
    for file in (tmp_path / "indexes" / "ada").glob("lexical.db*"):
        file.write_bytes(b"broken" * 1000)
    index.lexical._closed = False
    after = await library.ask("fountain")
    assert [replace(one, score=0) for one in after.passages] == [
        replace(one, score=0) for one in before.passages
    ]
