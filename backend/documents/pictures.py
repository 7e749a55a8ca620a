"""Opens images from strangers: bounded in pixels, and broken ones told to a person.

Not for: recognising what is on them (`ocr`).
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.documents.extracted import Unreadable

_FAULTS = (OSError, ValueError, SyntaxError, EOFError)


@contextmanager
def open_picture(path: Path) -> Generator[Any]:
    """Open an image; raise Unreadable when it cannot be, also while it is used."""
    from PIL import Image  # noqa: PLC0415 - lazy: document readers

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                yield image
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
            raise Unreadable("The image has too many pixels.") from exc
        except _FAULTS as exc:
            raise Unreadable("The file is damaged: it cannot be opened as an image.") from exc
