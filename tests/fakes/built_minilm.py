"""The embedded model, built once per run of the tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from backend.documents.embedding.minilm_build import build


@cache
def built_minilm() -> Path:
    """Build both precisions into a folder that goes when the tests end; give the folder."""
    folder = Path(tempfile.mkdtemp(prefix="minilm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for precision in ("int8", "fp32"):
        build({"folder": str(folder), "precision": precision, "source": ""})
    return folder
