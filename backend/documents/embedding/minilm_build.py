"""Makes the files of the embedded model, once: run in a process of its own, which ends afterwards.

Not for: importing in the server, where ONNX and 90 MB of weights would stay in memory.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TypedDict

import onnx
from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType] - paths of any kind

from backend.documents.embedding.minilm_files import (
    WEIGHTS_SHA256,
    ModelFiles,
    ModelMissing,
    Precision,
    checksums,
    packaged_model,
    sha256_of,
)
from backend.documents.embedding.minilm_graph import minilm_graph

INLINE_BYTES = 1024
LEFT_BEHIND_S = 3600.0
WORKSHOP = ".minilm-"


class Order(TypedDict):
    """What to build, and where; `source` is the published file, empty for the packaged one."""

    folder: str
    precision: Precision
    source: str


def build(order: Order) -> dict[str, int]:
    """Build the files of one precision; tell their size in bytes.

    The files are written in a folder beside and renamed into place, the manifest last, so that
    nobody sees half of them and several builders do no harm to each other.

    Raises:
        ModelMissing: when the weights are not there or not the published ones.
        OSError: when the folder cannot be written.
    """
    source = Path(order["source"] or packaged_model() / "model.safetensors")
    _check(source)
    model = minilm_graph(load_file(source), order["precision"])
    files = ModelFiles(Path(order["folder"]), order["precision"])
    files.folder.mkdir(parents=True, exist_ok=True)
    _clear_up(files.folder)
    with tempfile.TemporaryDirectory(prefix=WORKSHOP, dir=files.folder) as workshop:
        made = ModelFiles(Path(workshop), order["precision"])
        onnx.save_model(
            model,
            made.graph,
            save_as_external_data=True,
            location=made.weights.name,
            size_threshold=INLINE_BYTES,
        )
        made.manifest.write_text(json.dumps(checksums(made), indent=1))
        files.manifest.unlink(missing_ok=True)
        for name in (made.weights.name, made.graph.name, made.manifest.name):
            (made.folder / name).replace(files.folder / name)
    _remove_older(files)
    return {"bytes": files.weights.stat().st_size + files.graph.stat().st_size}


def _check(source: Path) -> None:
    if not source.is_file():
        msg = f"The weights of the embedding model are not at {source}."
        raise ModelMissing(msg)
    if sha256_of(source) != WEIGHTS_SHA256:
        msg = f"The weights at {source} are not those that were published (SHA-256 differs)."
        raise ModelMissing(msg)


def _clear_up(folder: Path) -> None:
    """Remove what builders left behind that were killed."""
    for workshop in folder.glob(f"{WORKSHOP}*"):
        with contextlib.suppress(OSError):
            if time.time() - workshop.stat().st_mtime > LEFT_BEHIND_S:
                shutil.rmtree(workshop)


def _remove_older(files: ModelFiles) -> None:
    """Remove files of the same precision that were made by another recipe."""
    for path in files.folder.glob(f"minilm-{files.precision}-r*"):
        if path.stem != files.stem:
            path.unlink(missing_ok=True)
