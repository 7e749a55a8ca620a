"""Tools whose turn is limited to some files: no other is found, named, listed or read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import ToolRetry
from backend.ports.documents import FileFilter, Listing, SearchQuery
from backend.ports.documents_within import within
from backend.ports.own_files import mentioned, named
from backend.ports.tools import ToolContext
from backend.tools import rag_retrieval
from tests.fakes.found_documents import FoundDocuments

FILES = {
    "sunshine.txt": "Bees dance in the sun",
    "moonlight.md": "Bees sleep at night",
    "stings.pdf": "Wasps sting",
}
A, B, C = (f"file-u-{n}" for n in range(3))


@pytest.fixture
def documents() -> FoundDocuments:
    """Three files of one user."""
    found = FoundDocuments()
    found.give("u", FILES)
    return found


def context(*file_ids: str) -> ToolContext:
    """Limit a call to these files."""
    return ToolContext(user_id="u", file_ids=file_ids)


async def ask(documents: FoundDocuments, within: ToolContext, *files: str, query: str = "bees"):
    """Search as the model does."""
    tool = rag_retrieval.RagRetrieval(rag_retrieval.Options(), documents)
    return await tool.run(rag_retrieval.Args(query=query, files=list(files)), within)


async def test_only_files_of_the_scope_are_found(documents):
    """Whatever the question; without a scope all are."""
    assert [it.file_id for it in (await ask(documents, context(B))).citations] == [B]
    everything = replace(context(), file_ids=None)
    assert {it.file_id for it in (await ask(documents, everything)).citations} >= {A, B}
    told = await ask(documents, context(C))
    assert (told.citations, told.data["searched"]) == ((), 1)


async def test_an_empty_scope_finds_nothing(documents):
    """And nothing was searched."""
    told = await ask(documents, context())
    assert (told.text, told.citations, documents.searches) == (rag_retrieval.NONE_IN_SCOPE, (), [])
    assert (await ask(documents, context("file-gone"))).text == rag_retrieval.NONE_IN_SCOPE


@pytest.mark.parametrize("name", ["sunshine.txt", A])
async def test_a_file_outside_cannot_be_named(documents, name):
    """The refusal tells the names of the scope alone."""
    with pytest.raises(ToolRetry) as refused:
        await ask(documents, context(B, C), name)
    assert "Their files: stings.pdf; moonlight.md." in refused.value.message


async def test_a_digest_is_of_the_scope(documents):
    """Of its newest file, not of the newest of all."""
    told = await ask(documents, context(A, B), query="give me a summary")
    assert {it.file_id for it in told.citations} == {B}


async def test_the_port_narrowed_answers_for_its_files_only(documents):
    """By id, by listing, by search, by citation, by words in a code."""
    some = within(documents, (B, B, "file-gone"))
    assert await some.get("u", A) is None
    assert (await some.get("u", B)).filename == "moonlight.md"
    assert [it.id for it in (await some.list("u", Listing())).items] == [B]
    assert (await some.list("u", Listing(file_ids=(A,)))).items == ()
    assert [it.id for it in await named(some, "u", "moon")] == [B]
    assert await mentioned(some, "u", "open('sunshine.txt')") == ()
    for asked in (FileFilter(), FileFilter(file_ids=(A, B))):
        found = await some.search("u", SearchQuery(text="bees", within=asked))
        assert {it.file_id for it in found.passages} == {B}
    only_a = SearchQuery(text="bees", within=FileFilter(file_ids=(A,)))
    assert (await some.search("u", only_a)).passages == ()
    every = (await documents.search("u", SearchQuery(text="bees"))).passages
    cited = [await some.cited("u", it.citation_id) for it in every]
    assert [it is not None for it in cited] == [it.file_id == B for it in every]
    assert not await some.delete("u", A)
    assert await some.settled("u", A, wait_s=0) is None
    assert [it async for it in some.watch("u", A)] == []
    assert await some.text("u", A, number=None) == ()
    assert await some.reindex("u", A) is None
    assert await some.content("u", A) is None


async def test_only_the_scope_s_files_are_counted_as_unread(documents):
    """Others that are still being read are nobody's business here."""
    documents.unready["u"] = 3
    found = await within(documents, (B,)).search("u", SearchQuery(text="bees"))
    assert found.unready == 0


async def test_no_scope_is_the_port_itself(documents):
    """Nothing is in between."""
    assert within(documents, None) is documents
