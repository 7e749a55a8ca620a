"""Which of the files over a document a passage is shown under. Not for: finding documents (`ports`)."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kit.folding import fold
from backend.ports.documents import File, FileFilter


def chosen(files: Sequence[File], within: FileFilter) -> File | None:
    """Choose the oldest file that fits a filter; `files` are oldest first."""
    return next((file for file in files if fits(file, within)), None)


def fits(file: File, within: FileFilter) -> bool:
    """Tell whether a file fits every given part of a filter."""
    since, until = within.created_from_ms, within.created_to_ms
    return (
        (not within.file_ids or file.id in within.file_ids)
        and (not within.kinds or file.document.kind in within.kinds)
        and fold(within.name_contains) in fold(file.filename)
        and (since is None or file.created_at_ms >= since)
        and (until is None or file.created_at_ms <= until)
    )
