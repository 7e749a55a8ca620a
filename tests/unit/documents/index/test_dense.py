from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import orjson
import pytest

from backend.documents.index.damage import VectorsDamaged
from backend.documents.index.dense import DenseIndex
from backend.ports.document_stores import IndexedChunk

SIZE = 8


def axis(number: int) -> np.ndarray:
    return np.eye(SIZE, dtype=np.float32)[number]


def chunks(numbers: Iterable[int]) -> list[IndexedChunk]:
    return [
        IndexedChunk(id=one, lexemes="", heading="", vector=axis(one % SIZE).tobytes())
        for one in numbers
    ]


def fresh(folder: Path, space: str = "s", dimensions: int = SIZE) -> DenseIndex:
    return DenseIndex(folder, space, dimensions=dimensions)


@pytest.fixture
def index(tmp_path: Path) -> DenseIndex:
    index = fresh(tmp_path)
    index.put("a", 1, chunks([1, 2]))
    index.put("b", 1, chunks([3, 4]))
    return index


def test_the_nearest_come_first_and_filters_leave_only_their_documents(index):
    """Cosines are exact; an unknown document holds nothing."""
    found = index.search(axis(3), limit=2)
    assert next(iter(found.items())) == (3, 1.0)
    assert set(index.search(axis(3), limit=9, within=["a"])) == {1, 2}
    assert index.search(axis(3), limit=9, within=["x"]) == {}
    assert index.cosines(axis(2), [2, 3, 99]) == {2: 1.0, 3: 0.0}


def test_an_empty_index_finds_nothing(tmp_path):
    """No vectors, no answer, no error."""
    assert fresh(tmp_path).search(axis(0), limit=5) == {}


def test_what_is_saved_is_loaded(index, tmp_path):
    """Another process finds the same documents and neighbours."""
    index.save()
    other = fresh(tmp_path)
    other.load()
    assert (other.held(), len(other)) == (index.held(), 4)
    assert other.search(axis(3), limit=4) == index.search(axis(3), limit=4)


def test_removed_documents_are_gone_from_memory_and_from_the_next_files(index, tmp_path):
    """Their vectors are in no file any more, and old files are not left."""
    index.save()
    index.remove(["a"])
    index.save()
    other = fresh(tmp_path)
    other.load()
    assert set(other.search(axis(1), limit=9)) == {3, 4}
    assert len(list(tmp_path.glob("*.faiss"))) == 1


def test_chunks_without_a_vector_are_left_out_and_told(tmp_path):
    """The document is then known to be incomplete."""
    index = fresh(tmp_path)
    index.put("a", 1, [*chunks([1]), IndexedChunk(id=2, lexemes="", heading="")])
    assert (len(index), index.held()["a"].complete) == (1, False)


def test_another_spaces_files_do_not_survive_a_save(tmp_path):
    """Once a space answers, what was kept of others is erased."""
    old = fresh(tmp_path, "old")
    old.put("a", 1, chunks([1]))
    old.save()
    index = fresh(tmp_path, "new")
    index.load()
    index.save()
    assert {file.name for file in tmp_path.iterdir()} == index.files()


def _shorter(folder: Path) -> None:
    file = next(folder.glob("*.faiss"))
    file.write_bytes(file.read_bytes()[:-8])


def _huge(folder: Path) -> None:
    file = next(folder.glob("*.faiss"))
    content = bytearray(file.read_bytes())
    content[8:16] = (2**55).to_bytes(8, "little")  # as many vectors as no machine holds
    file.write_bytes(content)


def _foreign(folder: Path) -> None:
    next(folder.glob("*.faiss")).write_bytes(b"\0" * 500)


def _gone(folder: Path) -> None:
    next(folder.glob("*.faiss")).unlink()


def _no_manifest(folder: Path) -> None:
    next(folder.glob("*.json")).write_bytes(b"{")


def _other_ids(folder: Path) -> None:
    file = next(folder.glob("*.json"))
    manifest = orjson.loads(file.read_bytes())
    manifest["documents"]["a"][1] = [7, 8]
    file.write_bytes(orjson.dumps(manifest))


def _strange_manifest(folder: Path) -> None:
    next(folder.glob("*.json")).write_bytes(orjson.dumps({"documents": [1]}))


@pytest.mark.parametrize(
    "damage", [_shorter, _huge, _foreign, _gone, _no_manifest, _other_ids, _strange_manifest]
)
def test_files_that_do_not_hold_what_they_say_are_refused(index, tmp_path, damage):
    """A header is never believed: nothing is allocated for it."""
    index.save()
    damage(tmp_path)
    with pytest.raises(VectorsDamaged):
        fresh(tmp_path).load()


@pytest.mark.parametrize("damage", [_shorter, _huge, _foreign])
def test_bytes_are_held_to_the_manifest_before_faiss_reads_them(index, tmp_path, damage):
    """The refusal is ours, made from the first bytes and the size of the file."""
    index.save()
    damage(tmp_path)
    with pytest.raises(VectorsDamaged, match="not what the manifest says"):
        fresh(tmp_path).load()


def test_feedback_moves_a_question_towards_what_was_found(index):
    """The moved question has unit length and is nearer to the chunk; without weights nothing moves."""
    moved = index.steered(axis(0), {3: 1.0}, strength=0.5)
    assert np.isclose(np.linalg.norm(moved), 1)
    assert moved @ axis(3) > 0.4
    assert np.array_equal(index.steered(axis(0), {}, strength=0.5), axis(0))
