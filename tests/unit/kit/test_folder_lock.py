"""The lock of the data folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backend.kit.folder_lock import FolderInUse, FolderLock


def test_a_folder_is_held_once_and_the_refusal_names_the_holder(tmp_path: Path) -> None:
    """Until it is let go."""
    held = FolderLock(tmp_path)
    with pytest.raises(FolderInUse, match=str(os.getpid())):
        FolderLock(tmp_path)
    held.release()
    FolderLock(tmp_path).release()
