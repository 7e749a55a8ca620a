"""What runs inside the bounded child process: from a document's bytes to its text and chunks, as JSON.

Not for: importing in the server; everything here may be killed at any moment.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from backend.documents.extract import extract
from backend.documents.extracted import Extracted, NoText, ReadLimits
from backend.documents.preparing import prepare
from backend.documents.sniffing import detect

_PART_CHARS = 20_000


def read_document(call: dict[str, Any]) -> dict[str, Any]:
    """Read one document; `call` names path, filename and bounds, the answer is for `reading`.

    When pages are pictures, `ocr` is set and their texts are not given yet, the answer is only
    which pages.

    Raises:
        Unreadable: with the reason.
    """
    path, filename = Path(call["path"]), str(call["filename"])
    limits = ReadLimits(
        max_pages=call["max_pages"],
        max_chars=call["max_chars"],
        max_unpacked_bytes=call["max_unpacked_bytes"],
    )
    given: dict[str, str] | None = call.get("recognised")
    recognised = None if given is None else {int(page): text for page, text in given.items()}
    asks = bool(call["ocr"]) and recognised is None
    try:
        kind, extracted = extract(path, filename=filename, limits=limits, recognised=recognised)
    except NoText as exc:
        if not asks or not exc.pages:
            raise
        return {"kind": detect(path, filename), "needs_ocr": list(exc.pages)}
    pages: list[int] = extracted.details.get("pages_without_text", [])
    if asks and pages:
        return {"kind": kind, "needs_ocr": pages}
    title = extracted.title or PurePath(filename).stem
    prepared = prepare(extracted, title=title, chunk_chars=call["chunk_chars"])
    return {
        "kind": kind,
        "title": title,
        "language": prepared.language,
        "note": extracted.note,
        "details": extracted.details,
        "pages": text_pages(extracted),
        "chunks": [
            [one.start, one.end, one.page, one.kind, one.heading, one.lexemes]
            for one in prepared.chunks
        ],
    }


def text_pages(extracted: Extracted) -> list[list[Any]]:
    """Cut the text into its pages, or into parts of a bounded size where there are none.

    Gives number, page, start, end and text of each; together they are the whole text. A part ends
    where a block ends if one does in its second half.
    """
    text = extracted.text
    paged = bool(extracted.page_starts)
    starts = [0, *extracted.page_starts[1:]] if paged else _part_starts(extracted)
    ends = [*starts[1:], len(text)]
    return [
        [number, number if paged else None, start, end, text[start:end]]
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _part_starts(extracted: Extracted) -> list[int]:
    starts = [0]
    last_end = 0
    for span in extracted.spans:
        if span.end - starts[-1] > _PART_CHARS:
            if last_end - starts[-1] >= _PART_CHARS // 2:
                starts.append(last_end)
            while span.end - starts[-1] > _PART_CHARS:
                starts.append(starts[-1] + _PART_CHARS)
        last_end = span.end
    while len(extracted.text) - starts[-1] > _PART_CHARS:
        starts.append(starts[-1] + _PART_CHARS)
    return starts
