"""Where tests keep the embedded model, which is built once for all of them."""

from __future__ import annotations

from pathlib import Path

MODEL_DIR = Path(__file__).parents[2] / ".pytest_cache" / "models"
