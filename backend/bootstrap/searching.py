"""What documents are searched by: the database itself where it can, files beside it where not."""

from __future__ import annotations

from pathlib import Path

from backend.ports.search_indexes import SearchIndexes
from backend.storage.stores import Stores


def make_indexes(stores: Stores, folder: Path, *, memory_bytes: int) -> SearchIndexes:
    """Make the indexes of the stores; files are kept in `folder`, about `memory_bytes` of them loaded."""
    if stores.indexes is not None:
        return stores.indexes
    from backend.documents.index.user_index import (  # noqa: PLC0415 - an index that PostgreSQL needs not
        UserIndexes,
    )

    return UserIndexes(folder, stores.documents, memory_bytes=memory_bytes)
