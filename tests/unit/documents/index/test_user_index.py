from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backend.documents.index.lexemes import query_lexemes
from backend.documents.index.questions import Question
from backend.documents.index.ranking import rank
from backend.documents.index.user_index import UserIndexes
from backend.ports.embedding import EmbeddingSpace
from tests.fakes.document_rows import DocumentRows
from tests.fakes.fake_embedder import FakeEmbedder

SPACE = EmbeddingSpace(id="fake", dimensions=64)


@pytest.fixture
async def rows() -> DocumentRows:
    rows = DocumentRows()
    for number in range(3):
        rows.add("ada", f"{number}.txt", f"The password of room {number} is tulip{number}.")
    rows.add("bob", "b.txt", "Bob keeps bees.")
    await rows.embed(FakeEmbedder())
    return rows


@pytest.fixture
def indexes(rows: DocumentRows, tmp_path: Path) -> UserIndexes:
    return UserIndexes(tmp_path / "indexes", rows, memory_bytes=2**30)


async def found(indexes: UserIndexes, text: str, user_id: str = "ada") -> list[int]:
    index = await indexes.fresh(user_id, SPACE)
    groups = query_lexemes(text, index.lexical.languages())
    vector = FakeEmbedder().vector(text)
    ranked = rank(index.lexical, index.dense, Question(groups=groups, vector=vector))
    return [one.id for one in ranked]


def ids_of(rows: DocumentRows, user_id: str) -> set[int]:
    return {
        chunk.id
        for stored in rows.stored.values()
        if stored.document.user_id == user_id
        for chunk in stored.chunks
    }


async def test_a_user_finds_only_ones_own(rows, indexes):
    """Two users have indexes of their own."""
    assert set(await found(indexes, "tulip1 bees")) == ids_of(rows, "ada")
    assert set(await found(indexes, "tulip1 bees", "bob")) == ids_of(rows, "bob")


async def test_nothing_is_read_again_while_nothing_changes(rows, indexes):
    """The database is asked for chunks once per document and change."""
    await found(indexes, "tulip1")
    reads = rows.reads
    await found(indexes, "tulip2")
    assert rows.reads == reads == 3


async def test_changes_are_taken_over_by_the_next_search(rows, indexes):
    """A new document is found, a deleted one is not, and only the new one is read."""
    await found(indexes, "tulip1")
    gone = next(iter(rows.stored))
    rows.erase("ada", gone)
    rows.add("ada", "new.txt", "The password of the cellar is crocus.")
    await rows.embed(FakeEmbedder())
    reads = rows.reads
    assert set(await found(indexes, "crocus")) == ids_of(rows, "ada")
    assert rows.reads == reads + 1


async def test_a_restart_reads_nothing_anew(rows, indexes, tmp_path):
    """What was written is loaded."""
    before = await found(indexes, "tulip1")
    await indexes.aclose()
    reads = rows.reads
    again = UserIndexes(tmp_path / "indexes", rows, memory_bytes=2**30)
    assert await found(again, "tulip1") == before
    assert rows.reads == reads


@pytest.mark.parametrize("content", [b"", b"garbage" * 2000, None])
@pytest.mark.parametrize("pattern", ["lexical.db", "dense-*.faiss", "dense-*.json"])
async def test_damaged_and_missing_files_are_made_anew(rows, indexes, tmp_path, pattern, content):
    """Empty, overwritten or gone: the answer is the same as before."""
    before = await found(indexes, "tulip1")
    await indexes.aclose()
    for file in (tmp_path / "indexes" / "ada").glob(pattern):
        file.unlink() if content is None else file.write_bytes(content)
    again = UserIndexes(tmp_path / "indexes", rows, memory_bytes=2**30)
    assert await found(again, "tulip1") == before


async def test_another_space_is_built_beside_and_replaces_the_first(rows, indexes, tmp_path):
    """After the embedder has changed, only vectors of the new space are kept."""
    await found(indexes, "tulip1")
    other = FakeEmbedder(space_id="other", dimensions=32)
    for stored in rows.stored.values():
        stored.vectors.clear()
    await rows.embed(other)
    index = await indexes.fresh("ada", await other.space())
    assert index.dense is not None
    assert len(index.dense) == 3
    assert len(list((tmp_path / "indexes" / "ada").glob("dense-*.faiss"))) == 1


async def test_vectors_that_come_later_are_taken_in(rows, indexes):
    """A document whose vectors were not all there is read again once the library has changed."""
    stored = next(iter(rows.stored.values()))
    kept = dict(stored.vectors)
    stored.vectors.clear()
    index = await indexes.fresh("ada", SPACE)
    assert len(index.dense) == 2
    stored.vectors |= kept
    rows.touch("ada")
    assert len((await indexes.fresh("ada", SPACE)).dense) == 3


async def test_users_leave_memory_when_it_is_short_and_come_back(rows, tmp_path):
    """The one used last always stays."""
    indexes = UserIndexes(tmp_path / "indexes", rows, memory_bytes=1)
    before = await found(indexes, "tulip1")
    await found(indexes, "bees", "bob")
    reads = rows.reads
    assert await found(indexes, "tulip1") == before
    assert rows.reads == reads


async def test_concurrent_searches_share_one_build(rows, indexes):
    """Ten at once read each document once."""
    answers = await asyncio.gather(*(found(indexes, "tulip1") for _ in range(10)))
    assert all(one == answers[0] for one in answers)
    assert rows.reads == 3


@pytest.mark.parametrize("loaded", [True, False])
async def test_forgotten_documents_leave_no_trace(rows, indexes, tmp_path, loaded):
    """Deleting erases words and vectors at once, whether the user's index is in memory or not."""
    await found(indexes, "tulip1")
    folder = tmp_path / "indexes" / "ada"
    if not loaded:
        await indexes.aclose()
        indexes = UserIndexes(tmp_path / "indexes", rows, memory_bytes=2**30)
    gone = next(iter(rows.stored))
    vectors = list(rows.stored[gone].vectors.values())
    rows.erase("ada", gone)
    await indexes.forget("ada", [gone])
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"tulip0" not in content
    assert not any(vector in content for vector in vectors)
    assert set(await found(indexes, "tulip1")) == ids_of(rows, "ada")


async def test_a_sweep_erases_what_a_crash_left(rows, indexes, tmp_path):
    """Documents and users that are no longer there vanish from the files."""
    await found(indexes, "tulip1")
    await found(indexes, "bees", "bob")
    await indexes.aclose()
    for document_id in list(rows.stored)[1:]:
        rows.erase("ada", document_id)
    again = UserIndexes(tmp_path / "indexes", rows, memory_bytes=2**30)
    await again.sweep()
    folder = tmp_path / "indexes"
    content = b"".join(file.read_bytes() for file in (folder / "ada").iterdir())
    assert b"tulip0" in content
    assert b"tulip1" not in content
    assert not (folder / "bob").exists()


async def test_a_user_who_is_gone_leaves_no_folder(indexes, tmp_path):
    """Erasing is total and may be asked for twice."""
    await found(indexes, "tulip1")
    await indexes.discard("ada")
    await indexes.discard("ada")
    assert not (tmp_path / "indexes" / "ada").exists()


@pytest.mark.parametrize("user_id", ["", ".", "..", "a/b", "../ada"])
async def test_a_users_id_is_never_a_path(indexes, user_id):
    """What is not one plain name is refused."""
    with pytest.raises(ValueError, match="no user's id"):
        await indexes.fresh(user_id, SPACE)
