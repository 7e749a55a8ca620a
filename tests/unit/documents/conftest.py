from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.documents.extract import extract
from backend.documents.extracted import Extracted, ReadLimits

Read = Callable[..., tuple[str, Extracted]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read bytes as if they had been uploaded under a name."""

    def call(content: bytes, filename: str, *, recognised=None, **limits):
        path = tmp_path / "bytes"  # the stored file's name says nothing
        path.write_bytes(content)
        return extract(path, filename=filename, limits=ReadLimits(**limits), recognised=recognised)

    return call
