"""Pictures of the pages of people's PDFs, drawn in bounded child processes: the `PageImages` port.

Not for: what happens inside the child (`drawing_child`).
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Collection

from backend.documents.drawing_child import DrawCall, NoPage
from backend.documents.extracted import Unreadable
from backend.errors import UnsupportedFile
from backend.kit.workers import (
    WorkerCrashed,
    WorkerLimits,
    WorkerPool,
    WorkerRefused,
    WorkerTimeout,
)
from backend.ports.clock import Clock
from backend.ports.documents import Documents, File, PageImage, WantedPage

logger = logging.getLogger(__name__)
_DRAW = "backend.documents.drawing_child:draw_page"
_LOOK = "1"  # of all pictures: another one makes those that browsers keep stale
_TIMEOUT_S = 6.0
_AT_ONCE = 2
_MAX_ANSWER_BYTES = 24 * 1024 * 1024


class PageDrawer:
    """The `PageImages` port over the documents; drawing takes some 20 ms, so nothing is kept."""

    def __init__(self, documents: Documents, *, clock: Clock, memory_bytes: int) -> None:
        self._documents = documents
        limits = WorkerLimits(
            memory_bytes=memory_bytes,
            cpu_s=_TIMEOUT_S,
            wall_s=3 * _TIMEOUT_S,  # a busy machine is not the page's fault
            output_bytes=_MAX_ANSWER_BYTES,
        )
        self._drawers = WorkerPool(_DRAW, clock=clock, size=_AT_ONCE, limits=limits)

    async def image(
        self, user_id: str, wanted: WantedPage, *, known: Collection[str] = ()
    ) -> PageImage | None:
        """Draw a page; see `PageImages.image`."""
        kept = await self._documents.content(user_id, wanted.file_id)
        if kept is None or not _may_have(kept[0], wanted.page):
            return None
        file, path = kept
        call = DrawCall(
            path=str(path), page=wanted.page, width=wanted.width, text="", start=0, end=0
        )
        if wanted.marked is not None:
            await self._mark(user_id, wanted, call)
        tag = _tag(file, call)
        if tag in known:
            return PageImage(etag=tag)
        drawn = await self._draw(call, user_id)
        if drawn is None:
            return None
        content = base64.b64decode(drawn["content"])
        return PageImage(etag=tag, content=content, media_type=drawn["media_type"])

    async def aclose(self) -> None:
        """End the child processes."""
        await self._drawers.aclose()

    async def _mark(self, user_id: str, wanted: WantedPage, call: DrawCall) -> None:
        """Say what of the stored text of the page is to be marked."""
        start, end = wanted.marked or (0, 0)
        for page in await self._documents.text(user_id, wanted.file_id, number=wanted.page):
            call["text"] = page.text
            call["start"] = max(0, start - page.start)
            call["end"] = min(end, page.end) - page.start

    async def _draw(self, call: DrawCall, user_id: str) -> dict[str, str] | None:
        try:
            return await self._drawers.call(call, owner=user_id)
        except WorkerTimeout as exc:
            msg = f"Drawing the page takes more than the {_TIMEOUT_S:g} seconds this server allows."
            raise UnsupportedFile(msg) from exc
        except WorkerCrashed as exc:
            logger.info("a drawer ended: %s", exc)
            msg = "Drawing the page needs more memory than this server allows."
            raise UnsupportedFile(msg) from exc
        except WorkerRefused as exc:
            if exc.kind == NoPage.__name__:
                return None
            if exc.kind == Unreadable.__name__:
                raise UnsupportedFile(str(exc)) from exc
            logger.warning("a drawer failed with %s: %s", exc.kind, exc)
            raise UnsupportedFile("The page cannot be drawn.") from exc


def _may_have(file: File, page: int) -> bool:
    """Tell whether there may be such a page; what failed to be read may still be looked at."""
    document = file.document
    if document.kind == "pdf":
        return 0 < page <= document.pages
    return not document.kind


def _tag(file: File, call: DrawCall) -> str:
    words = call["text"] if call["end"] > call["start"] else ""
    parts = (_LOOK, file.document.sha256, call["page"], call["width"], call["start"], call["end"])
    told = "\0".join((*map(str, parts), words))
    return f'"{hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'
