"""The dense index of one user in one embedding space: exact inner products by FAISS, in files that are a cache.

Two files: vectors as FAISS writes them, and a manifest that names that file and says which documents are
inside. The manifest is replaced last, so the two always fit. Search is exact at any size: 100,000
vectors of 384 numbers take some milliseconds; approximate indexes lost 20 to 40 % of the neighbours there.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import faiss as _faiss  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import orjson

from backend.documents.index.damage import VectorsDamaged
from backend.kit.steering import steered
from backend.ports.document_stores import IndexedChunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

faiss = cast("Any", _faiss)  # its wrappers have no usable types

_BYTES_PER_ID = 8
_NOTHING = -1
# IndexIDMap2 over IndexFlatIP, as faiss/impl/index_write.cpp writes them: name, dimensions, count, two reserved
# numbers, trained, metric; then the vectors with their number before them, then the ids with theirs.
_HEADER = struct.Struct("<4siqqqBi")
_COUNT = struct.Struct("<Q")
_OUTER, _INNER, _INNER_PRODUCT = b"IxM2", b"IxFI", 0


faiss.omp_set_num_threads(1)  # memory is the bound: two threads took three times as long as one


@dataclass(frozen=True, slots=True)
class Held:
    """What is inside of a document: its revision, its chunks, and whether every chunk had a vector."""

    revision: int
    ids: tuple[int, ...]
    complete: bool


class DenseIndex:
    """Vectors by chunk id; one thread at a time searches or changes it."""

    def __init__(self, folder: Path, space: str, *, dimensions: int) -> None:
        self._folder = folder
        self._space = space
        self._name = f"dense-{hashlib.sha256(space.encode()).hexdigest()[:16]}"
        self._dimensions = dimensions
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}
        self._index = _empty(dimensions)
        self._files: frozenset[str] = frozenset()
        self._unsaved = 0

    @property
    def size_bytes(self) -> int:
        """How much memory the vectors take."""
        return self._index.ntotal * (4 * self._dimensions + 3 * _BYTES_PER_ID)

    @property
    def unsaved(self) -> int:
        """How many vectors have come or gone since the files were written."""
        return self._unsaved

    def files(self) -> frozenset[str]:
        """Name the files that hold what is inside."""
        return self._files

    def held(self) -> Mapping[str, Held]:
        """Tell which documents are inside."""
        return dict(self._held)

    def __len__(self) -> int:
        """How many vectors are inside."""
        return self._index.ntotal

    def load(self) -> None:
        """Read the files; without any the index stays empty.

        Raises:
            VectorsDamaged: when they do not fit together or do not hold what they say.
        """
        try:
            manifest = orjson.loads((self._folder / f"{self._name}.json").read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as exc:
            raise VectorsDamaged("the manifest cannot be read") from exc
        try:
            path = self._folder / Path(manifest["file"]).name
            if manifest["space"] != self._space or manifest["dimensions"] != self._dimensions:
                raise VectorsDamaged("they are of another space")
            held = {
                name: Held(revision, tuple(ids), complete)
                for name, (revision, ids, complete) in manifest["documents"].items()
            }
            count = sum(len(one.ids) for one in held.values())
            _check_header(path, self._dimensions, count)
            index = faiss.read_index(str(path))
            ids = faiss.vector_to_array(index.id_map)
        except (OSError, KeyError, TypeError, ValueError, RuntimeError) as exc:
            raise VectorsDamaged(str(exc)) from exc
        if sorted(ids.tolist()) != sorted(one for it in held.values() for one in it.ids):
            raise VectorsDamaged("the ids are others than the manifest says")
        self._index, self._held = index, held
        self._files = frozenset({path.name, f"{self._name}.json"})

    def save(self) -> None:
        """Write the files anew and remove the old ones."""
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = f"{self._name}-{secrets.token_hex(4)}.faiss"
            faiss.write_index(self._index, str(self._folder / file))
            manifest = {
                "space": self._space,
                "dimensions": self._dimensions,
                "file": file,
                "documents": {
                    name: (one.revision, one.ids, one.complete) for name, one in self._held.items()
                },
            }
            fresh = self._folder / f"{self._name}.json.new"
            fresh.write_bytes(orjson.dumps(manifest))
            fresh.replace(self._folder / f"{self._name}.json")
            self._files = frozenset({file, f"{self._name}.json"})
            for old in self._folder.glob(
                "dense-*"
            ):  # of before, and of spaces that no longer answer
                if old.name not in self._files:
                    old.unlink(missing_ok=True)
            self._unsaved = 0

    def put(self, document_id: str, revision: int, chunks: Sequence[IndexedChunk]) -> None:
        """Take a document's vectors in, in place of what is inside of it; chunks without one are left out."""
        width = 4 * self._dimensions
        usable = [one for one in chunks if one.vector is not None and len(one.vector) == width]
        joined = b"".join(one.vector or b"" for one in usable)
        vectors = np.frombuffer(joined, dtype="<f4").reshape(len(usable), self._dimensions)
        with self._lock:
            self._drop([document_id])
            ids = np.array([one.id for one in usable], dtype=np.int64)
            if usable:
                self._index.add_with_ids(np.ascontiguousarray(vectors), ids)
            whole = len(usable) == len(chunks)
            self._held[document_id] = Held(revision, tuple(ids.tolist()), whole)
            self._unsaved += len(usable)

    def remove(self, document_ids: Collection[str]) -> None:
        """Take documents out."""
        with self._lock:
            self._drop(document_ids)

    def search(
        self,
        vector: NDArray[np.float32],
        *,
        limit: int,
        within: Collection[str] | None = None,
    ) -> Mapping[int, float]:
        """Find the nearest chunks with their cosines, best first; `within` restricts them to documents."""
        with self._lock:
            parameters = None
            if within is not None:
                ids = [one for name in within if name in self._held for one in self._held[name].ids]
                if not ids:
                    return {}
                batch = np.array(ids, dtype=np.int64)
                parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(batch))
            wanted = min(limit, self._index.ntotal)
            if not wanted:
                return {}
            query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
            scores, found = self._index.search(query, wanted, params=parameters)
        ids: list[int] = found[0].tolist()
        cosines: list[float] = scores[0].tolist()
        return {one: cosine for one, cosine in zip(ids, cosines, strict=True) if one != _NOTHING}

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Give the cosines of chunks with a vector; those that are not inside are left out."""
        return {one: float(near @ vector) for one, near in self._vectors(ids).items()}

    def steered(
        self, vector: NDArray[np.float32], towards: Mapping[int, float], *, strength: float
    ) -> NDArray[np.float32]:
        """Move a question towards the weighted centre of chunks, by Rocchio's formula."""
        return steered(vector, self._vectors(list(towards)), towards, strength=strength)

    def _vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        found: dict[int, NDArray[np.float32]] = {}
        with self._lock:
            for one in ids:
                try:
                    found[one] = self._index.reconstruct(one)
                except RuntimeError:  # FAISS's word for an id it does not have
                    continue
        return found

    def _drop(self, document_ids: Collection[str]) -> None:
        gone = [one for name in document_ids if name in self._held for one in self._held[name].ids]
        for name in document_ids:
            self._held.pop(name, None)
        if gone:
            self._index.remove_ids(np.array(gone, dtype=np.int64))
            self._unsaved += len(gone)


def _empty(dimensions: int) -> Any:  # noqa: ANN401 - FAISS has no types
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))


def _check_header(path: Path, dimensions: int, count: int) -> None:
    """Hold the file to what the manifest says before FAISS believes it and allocates."""
    outer, inner = (
        _HEADER.pack(name, dimensions, count, 1 << 20, 1 << 20, 1, _INNER_PRODUCT)
        for name in (_OUTER, _INNER)
    )
    expected = outer + inner + _COUNT.pack(count * dimensions)
    with path.open("rb") as file:
        header = file.read(len(expected))
    size = len(expected) + 4 * count * dimensions + _COUNT.size + _BYTES_PER_ID * count
    if header != expected or path.stat().st_size != size:
        raise VectorsDamaged("the vectors are not what the manifest says")
