"""What every adapter of `SearchIndexes` promises: the local index, and PostgreSQL by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from backend.bootstrap.searching import make_indexes
from backend.documents.preparing import embedded_text, prepare
from backend.documents.search import Searcher, SearchStores
from backend.ports.document_stores import Chunk, ReadDocument
from backend.ports.documents import File, FileFilter, SearchQuery, TextPage
from backend.storage.stores import Stores, sql_stores
from tests.conformance.stores.conftest import ANN, BOB
from tests.fakes.document_rows import paragraphs
from tests.fakes.fake_embedder import FakeEmbedder
from tests.fakes.papers import add

LANGUAGES = Path(__file__).parents[2] / "fixtures" / "retrieval" / "languages.json"
PUMP = "The pump needs oil twice a year.\n\nIts pressure must not pass nine bar."
GARDEN = "The garden opens in April.\n\nThe fountain is cleaned every spring by volunteers."


class Library:
    """Documents of two users in a real database, and a search over them."""

    def __init__(self, stores: Stores, folder: Path) -> None:
        self.stores = stores
        self.embedder = FakeEmbedder()
        self.indexes = make_indexes(stores, folder, memory_bytes=2**30)
        found = SearchStores(documents=stores.documents, files=stores.files, spaces=stores.spaces)
        self._searcher = Searcher(found, self.indexes, self, passage_chars=60)
        self.number = 0

    def of(self, space: str) -> FakeEmbedder | None:
        return self.embedder if space == self.embedder._space.id else None

    async def take(self, text: str, user_id: str = BOB.id, *, filename: str = "a.txt") -> File:
        """Upload, read, embed and finish a document."""
        self.number += 1
        file = await add(self.stores, self.number, user_id=user_id, filename=filename)
        await self.read(file, text)
        await self.embed(file)
        await self.finish(file)
        return file

    async def read(self, file: File, text: str) -> None:
        prepared = prepare(paragraphs(text), title=file.filename, chunk_chars=60)
        page = TextPage(number=1, page=None, start=0, end=len(text), text=text)
        read = ReadDocument(
            kind="text",
            title=file.filename,
            language=prepared.language,
            pages=[page],
            chunks=prepared.chunks,
        )
        assert await self.stores.documents.keep_text(file.document.id, read, now_ms=1)

    async def embed(self, file: File) -> None:
        space = await self.embedder.space()
        await self.stores.spaces.begin(space.id, dimensions=space.dimensions)
        documents, document_id = self.stores.documents, file.document.id
        while some := await documents.unembedded(document_id, space.id, limit=99):
            made = await self._vectors(file.filename, some)
            await documents.keep_vectors(document_id, space.id, made, progress=1, now_ms=1)

    async def _vectors(self, title: str, some: Sequence[tuple[Chunk, str]]) -> dict[int, bytes]:
        texts = [embedded_text(title, chunk.heading, text) for chunk, text in some]
        rows = await self.embedder.embed_texts(texts)
        return {chunk.id: row.tobytes() for (chunk, _), row in zip(some, rows, strict=True)}

    async def finish(self, file: File) -> None:
        assert await self.stores.documents.finish(file.document.id, now_ms=1)

    async def ask(self, text: str, user_id: str = BOB.id, **options: Any) -> list[str]:
        """Give the texts of the passages, best first."""
        answer = await self._searcher.search(user_id, SearchQuery(text=text, **options))
        return [one.text for one in answer.passages]


@pytest.fixture(params=["sqlite", "postgres"])
async def library(request, tmp_path) -> AsyncIterator[Library]:
    stores = sql_stores(request.getfixturevalue(f"{request.param}_database"))
    await stores.users.add(ANN)
    await stores.users.add(BOB)
    made = Library(stores, tmp_path / "indexes")
    assert (stores.indexes is None) == (request.param == "sqlite")
    yield made
    await made.indexes.aclose()
    await stores.aclose()


async def test_words_and_meaning_together_put_the_answer_first(library):
    """What shares no word with the question comes last."""
    await library.take(PUMP, filename="pump.txt")
    await library.take(GARDEN, filename="garden.txt")
    shown = await library.ask("how often does the pump need oil")
    assert shown[0].startswith("The pump needs oil")
    assert "fountain is cleaned" in (await library.ask("who cleans the fountain"))[0]


async def test_an_empty_library_finds_nothing(library):
    """Neither before the first document nor for somebody without any."""
    assert await library.ask("pump") == []
    await library.take(PUMP)
    assert await library.ask("pump", ANN.id) == []


async def test_chunks_of_others_never_appear(library):
    """Not among what words, vectors or single chunks are asked for."""
    await library.take(PUMP)
    await library.take("The pump of Ann is secret zebra77.", ANN.id)
    space = await library.embedder.space()
    vector = library.embedder.vector("pump zebra77")
    theirs = await library.indexes.ask(
        ANN.id, space, lambda words, meaning: list(meaning.search(vector, limit=9))
    )

    def everything(words, meaning):
        proposed = words.propose([("zebra77",), ("pump",)], limit=9)
        return (
            {*proposed.ids, *meaning.search(vector, limit=9)} & {*theirs},
            {*words.words(theirs)} & {*theirs} if library.stores.indexes else set(),
            meaning.cosines(vector, theirs),
            proposed.frequencies["zebra77"],
        )

    assert await library.indexes.ask(BOB.id, space, everything) == (set(), set(), {}, 0)
    assert "zebra77" not in "".join(await library.ask("secret zebra77"))


async def test_files_narrow_the_search(library):
    """The best of the others is not shown, however near."""
    await library.take(PUMP, filename="pump.txt")
    garden = await library.take(GARDEN, filename="garden.txt")
    within = FileFilter(file_ids=(garden.id,))
    shown = await library.ask("pump oil", within=within)
    assert shown
    assert not [one for one in shown if "pump" in one]


async def test_a_deleted_document_is_gone_at_once(library):
    """Its words count no more either."""
    file = await library.take(PUMP)
    await library.take(GARDEN)
    assert (await library.ask("pump oil"))[0].startswith("The pump")
    await library.stores.files.delete(BOB.id, file.id)
    shown = await library.ask("pump oil")
    assert not [one for one in shown if "pump" in one]
    known = await library.indexes.ask(
        BOB.id, None, lambda words, _: words.propose([("pump",)], limit=9)
    )
    assert (known.frequencies, list(known.ids)) == ({"pump": 0}, [])


async def test_a_new_reading_is_found_once_it_is_finished(library):
    """Up to then the old one is, whatever is stored already."""
    file = await library.take(PUMP)
    await library.read(file, "The engine needs diesel.")
    await library.embed(file)
    assert "engine" not in "".join(await library.ask("engine diesel"))
    assert (await library.ask("pump oil"))[0].startswith("The pump")
    await library.finish(file)
    assert await library.ask("engine diesel") == ["The engine needs diesel."]


async def test_another_embedding_space_takes_over(library):
    """Vectors of other dimensions are no trouble while both are there, nor afterwards."""
    file = await library.take(PUMP)
    library.embedder = FakeEmbedder(space_id="other", dimensions=32)
    await library.embed(file)
    assert (await library.ask("pump oil"))[0].startswith("The pump")  # by words alone
    assert await library.stores.spaces.switch("other")
    assert (await library.ask("pump oil"))[0].startswith("The pump")
    space = await library.embedder.space()
    vector = library.embedder.vector("pump oil")
    found = await library.indexes.ask(
        BOB.id, space, lambda _, meaning: len(meaning.search(vector, limit=9))
    )
    assert found > 0


async def test_words_alone_answer_while_nothing_embeds(library):
    """The provider may be down for questions; what has no vectors is found too."""
    await library.take(PUMP)
    library.embedder.failure = "The provider is down."
    assert (await library.ask("pump oil"))[0].startswith("The pump needs oil")


async def test_a_moved_question_has_cosines_of_its_own(library):
    """Steering moves it towards what it names, at unit length."""
    await library.take(PUMP)
    await library.take(GARDEN)
    vector = library.embedder.vector("oil")

    def moved(_, meaning):
        best = next(iter(meaning.search(vector, limit=9)))
        new = meaning.steered(vector, {best: 1.0}, strength=0.4)
        again = meaning.search(new, limit=9)
        return float(new @ new), again[best] - meaning.cosines(vector, [best])[best]

    length, gain = await library.indexes.ask(BOB.id, await library.embedder.space(), moved)
    assert length == pytest.approx(1, abs=1e-5)
    assert gain > 0


async def test_every_language_is_found_by_its_words(library):
    """Other forms of a word lead to it, in each of twelve languages side by side."""
    facts = json.loads(LANGUAGES.read_text(encoding="utf-8"))
    for language, some in facts.items():
        await library.take(some[0]["text"], filename=f"{language}.txt")
    library.embedder.failure = "The provider is down."
    missed = []
    for language, some in facts.items():
        shown = await library.ask(some[0]["query"], top_k=1)
        missed += [language] if not shown or shown[0][:20] not in some[0]["text"] else []
    assert len(facts) == 12
    assert missed == []


async def test_words_of_any_spelling_are_taken_as_they_are(library):
    """Quotes, backslashes and operators of a query language mean nothing."""
    await library.take("C++ and it's \\ INV-2024-7 & | ! <-> done")
    for text in ("C++", "INV-2024-7", "it's & | ! \\ ' :*", "x" * 300):
        await library.ask(text)
    assert await library.ask("INV-2024-7")
