from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.documents.index.user_index import UserIndexes
from backend.documents.search import Searcher, SearchStores
from backend.ports.documents import SearchQuery
from tests.fakes.document_rows import DocumentRows
from tests.fakes.fake_embedder import FakeEmbedder
from tests.fakes.lookalikes import lookalikes

FIXTURES = Path(__file__).parents[2] / "fixtures" / "retrieval"
FACTS = json.loads((FIXTURES / "exact.json").read_text(encoding="utf-8"))
LANGUAGES = json.loads((FIXTURES / "languages.json").read_text(encoding="utf-8"))


class OneEmbedder(FakeEmbedder):
    """Knows every space."""

    def of(self, space: str) -> FakeEmbedder:
        return self


async def library(
    folder: Path, documents: dict[str, str], *, words_alone: bool = False
) -> Searcher:
    rows, embedder = DocumentRows(), OneEmbedder()
    for name, text in documents.items():
        rows.add("ada", name, text)
    await rows.embed(embedder)
    stores = SearchStores(documents=rows, files=rows, spaces=rows)
    embedder.failure = "words must do" if words_alone else ""
    return Searcher(stores, UserIndexes(folder, rows, memory_bytes=2**30), embedder)


async def recall(searcher: Searcher, facts: list[dict[str, str]]) -> float:
    found = 0
    for fact in facts:
        answer = await searcher.search("ada", SearchQuery(text=fact["query"], top_k=5))
        found += any(fact["text"] in one.text for one in answer.passages)
    return found / len(facts)


async def test_ids_amounts_codes_and_names_are_found_among_lookalikes(tmp_path):
    """Each fact stands among others that differ in a digit or a letter alone."""
    assert len(FACTS) >= 40
    documents = {
        f"notes {number}.txt": "\n\n".join(lookalikes(FACTS, seed=number)) for number in range(8)
    }
    documents["facts.txt"] = "\n\n".join(fact["text"] for fact in FACTS)
    assert await recall(await library(tmp_path, documents), FACTS) >= 0.95


@pytest.fixture(scope="module")
def all_languages() -> dict[str, str]:
    return {
        f"{language}.txt": "\n\n".join(one["text"] for one in facts)
        for language, facts in LANGUAGES.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_library_of_many_languages_answers_in_each(tmp_path, language, all_languages):
    """A question finds its passage whatever else the library holds; inflected words count too."""
    searcher = await library(tmp_path, all_languages, words_alone=True)
    for fact in LANGUAGES[language]:
        answer = await searcher.search("ada", SearchQuery(text=fact["query"], top_k=1))
        assert fact["text"] in answer.passages[0].text
