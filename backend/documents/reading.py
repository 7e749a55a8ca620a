"""Reads documents in bounded child processes, with a second pass when pages need OCR.

Not for: what happens inside the child (`reading_child`) or the formats (`readers`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.documents.extracted import NoText, ReadLimits, Unreadable
from backend.documents.ingest import RecognisedPage
from backend.documents.page_list import listed
from backend.kit.workers import (
    WorkerCrashed,
    WorkerError,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)
from backend.ports.clock import Clock
from backend.ports.document_stores import Chunk, ReadDocument
from backend.ports.documents import TextPage

logger = logging.getLogger(__name__)
_READ = "backend.documents.reading_child:read_document"
_RECOGNISE = "backend.documents.ocr:recognise_page"
# The largest answer a document at its limits can be: text and lexemes, written as \uXXXX.
_ANSWER_BYTES_PER_CHAR = 14
_SMALLEST_ANSWER_BYTES = 64 * 1024 * 1024
_TOLD_TO_PEOPLE = frozenset({Unreadable.__name__, NoText.__name__})
_REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """Bounds of reading one document, and how it is cut; see docs/settings.md for each.

    `tesseract` is the program that reads scans, None where there is none.
    """

    limits: ReadLimits
    timeout_s: float = 120.0
    memory_bytes: int = 1024 * 1024 * 1024
    chunk_chars: int = 400
    tesseract: str | None = None
    ocr_languages: str = "eng"
    ocr_page_timeout_s: float = 60.0
    at_once: int = 2


class PooledReader:
    """The `Reader` of `ingest`, over a pool of child processes that end when idle."""

    def __init__(self, options: ReadingOptions, *, clock: Clock) -> None:
        self._options = options
        answer = max(_SMALLEST_ANSWER_BYTES, options.limits.max_chars * _ANSWER_BYTES_PER_CHAR)
        bounds = WorkerLimits(
            memory_bytes=options.memory_bytes,
            cpu_s=options.timeout_s,
            wall_s=options.timeout_s,
            output_bytes=answer,
        )
        self._readers = WorkerPool(_READ, clock=clock, size=options.at_once, limits=bounds)
        ocr = WorkerLimits(
            memory_bytes=options.memory_bytes,
            cpu_s=options.ocr_page_timeout_s,
            wall_s=options.ocr_page_timeout_s + 5,
        )
        self._recognisers = WorkerPool(_RECOGNISE, clock=clock, size=options.at_once, limits=ocr)

    async def read(self, path: Path, filename: str, *, recognised: RecognisedPage) -> ReadDocument:
        """Read it; see `ingest.Reader`."""
        call = {
            "path": str(path),
            "filename": filename,
            "max_pages": self._options.limits.max_pages,
            "max_chars": self._options.limits.max_chars,
            "max_unpacked_bytes": self._options.limits.max_unpacked_bytes,
            "chunk_chars": self._options.chunk_chars,
            "ocr": self._options.tesseract is not None,
        }
        answer = await self._call(call)
        if "needs_ocr" not in answer:
            return _document(answer)
        texts, failed = await self._recognise(path, answer, recognised)
        try:
            return _document(await self._call({**call, "recognised": texts}), failed)
        except NoText as exc:
            if not failed:
                raise
            raise Unreadable(next(iter(failed.values()))) from exc

    async def aclose(self) -> None:
        """End the child processes."""
        await self._readers.aclose()
        await self._recognisers.aclose()

    async def _call(self, call: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await self._readers.call(call)
        except WorkerTimeout as exc:
            msg = f"Reading the file took longer than the {self._options.timeout_s:g} seconds this server allows."
            raise Unreadable(msg) from exc
        except WorkerCrashed as exc:
            logger.info("a reader ended: %s", exc)
            raise Unreadable("Reading the file needs more memory than this server allows.") from exc
        except WorkerRefused as exc:
            kind = NoText if exc.kind == NoText.__name__ else Unreadable
            raise kind(_reason(exc)) from exc

    async def _recognise(
        self, path: Path, answer: Mapping[str, Any], recognised: RecognisedPage
    ) -> tuple[Mapping[str, str], Mapping[int, str]]:
        """Read pages that are pictures; those that cannot be read are empty, and told with their reasons."""
        pages: list[int] = answer["needs_ocr"]
        texts: dict[str, str] = {}
        failed: dict[int, str] = {}
        for done, page in enumerate(pages):
            await recognised(done, len(pages))
            call = {
                "path": str(path),
                "kind": answer["kind"],
                "page": page,
                "languages": self._options.ocr_languages,
                "timeout_s": self._options.ocr_page_timeout_s,
                "program": self._options.tesseract,
            }
            try:
                texts[str(page)] = (await self._recognisers.call(call))["text"]
            except (WorkerTimeout, WorkerCrashed, WorkerRefused) as exc:
                texts[str(page)] = ""
                failed[page] = _reason_of_page(exc)
        return texts, failed


def _reason(refused: WorkerRefused) -> str:
    """Give what a reader says of a file; the words of any other failure are for the log."""
    if refused.kind in _TOLD_TO_PEOPLE:
        return " ".join(str(refused).split())[:_REASON_CHARS]
    logger.warning("a reader failed with %s: %s", refused.kind, refused)
    return "The file cannot be read by this server."


def _reason_of_page(exc: WorkerError) -> str:
    if isinstance(exc, WorkerRefused):
        return _reason(exc)
    logger.info("a page could not be recognised: %s", exc)
    return "OCR of a page needs more time or memory than this server allows."


def _document(answer: Mapping[str, Any], failed: Collection[int] = ()) -> ReadDocument:
    """Make it of a reader's answer; `failed` are the pages that OCR could not read."""
    left_out = f"OCR failed on {listed(sorted(failed))}." if failed else ""
    return ReadDocument(
        kind=answer["kind"],
        title=answer["title"],
        language=answer["language"],
        note=" ".join(filter(None, (answer["note"], left_out))),
        details=answer["details"],
        pages=tuple(
            TextPage(number=number, page=page, start=start, end=end, text=text)
            for number, page, start, end, text in answer["pages"]
        ),
        chunks=tuple(
            Chunk(start=start, end=end, page=page, kind=kind, heading=heading, lexemes=lexemes)
            for start, end, page, kind, heading, lexemes in answer["chunks"]
        ),
    )
