"""Reads one file: finds its reader, keeps the limits, and tells a person what is wrong with bad ones.

Not for: processes and time limits; callers run this in a bounded child.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from backend.documents import readers
from backend.documents.building import too_many_pages, too_much_text
from backend.documents.extracted import Extracted, NoText, ReadLimits, Source, Unreadable
from backend.documents.sniffing import detect
from backend.kit.discovery import modules_of

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_TITLE_CHARS = 300


def kinds() -> dict[str, str]:
    """List what can be read: each KIND with its LABEL for people."""
    return {module.KIND: module.LABEL for module in modules_of(readers)}


def extract(
    path: Path,
    *,
    filename: str,
    limits: ReadLimits,
    recognised: Mapping[int, str] | None = None,
) -> tuple[str, Extracted]:
    """Give the kind of a file and what is in it.

    `recognised` is the text OCR found, by page from 1.

    Raises:
        NoText: it opens but has no text; its `pages` are those that OCR may read.
        Unreadable: it cannot be read; one sentence for a person says why.
    """
    kind = detect(path, filename)
    source = Source(path=path, filename=filename, limits=limits, recognised=recognised or {})
    return kind, _checked(_read(_reader(kind), source), limits)


def _reader(kind: str) -> ModuleType:
    return importlib.import_module(f"{readers.__name__}.{kind}")


def _read(reader: ModuleType, source: Source) -> Extracted:
    try:
        return reader.read(source)
    except (Unreadable, MemoryError):
        raise
    except RecursionError as exc:
        raise Unreadable("The file is damaged: it is nested too deeply.") from exc
    except Exception as exc:  # the edge to libraries that read strangers' files
        msg = f"The file is damaged: it cannot be read as {reader.LABEL}."
        raise Unreadable(msg) from exc


def _checked(extracted: Extracted, limits: ReadLimits) -> Extracted:
    if len(extracted.text) > limits.max_chars:
        raise Unreadable(too_much_text(limits))
    if len(extracted.page_starts) > limits.max_pages:
        raise Unreadable(too_many_pages(limits))
    if not extracted.text or extracted.text.isspace() or not extracted.spans:
        raise NoText("The document has no text.")
    text = _UNSTORABLE.sub("\ufffd", extracted.text)  # keeps every offset
    return replace(extracted, text=text, title=extracted.title[:_MAX_TITLE_CHARS])
