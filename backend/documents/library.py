"""Everything that can be done with one user's documents: the `Documents` port over stores, folder and index.

Not for: reading and embedding (`ingest`, in the worker) or how passages are found (`search`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.documents.citation_ids import resolve
from backend.documents.folders import UploadFolder
from backend.documents.news import DocumentNews
from backend.documents.reading_order import in_order
from backend.documents.reranking import Search
from backend.documents.sniffing import HEAD_BYTES, first_look
from backend.errors import InvalidRequest, StewardError, UnsupportedFile
from backend.kit.ids import new_id
from backend.kit.trace_context import current_traceparent
from backend.ports.clock import Clock
from backend.ports.document_jobs import Job, JobStore
from backend.ports.document_stores import DocumentStore, FileLimits, FileStore
from backend.ports.documents import (
    FINAL_STATES,
    CitedPassage,
    Document,
    DocumentState,
    File,
    Listing,
    Passage,
    SearchAnswer,
    SearchQuery,
    TextPage,
    Upload,
)
from backend.ports.limits import Bound
from backend.ports.search_indexes import SearchIndexes
from backend.ports.stores import Page

logger = logging.getLogger(__name__)
LOOK_AGAIN_S = 2.0
ERASE_EVERY_S = 120.0
EXPIRED_AT_ONCE = 100
STOPPED = "The account was disabled before this was read; have it read again."
KEPT = "Kept as it came: files for this purpose are not read."


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryParts:
    """What the library works with.

    `wake` tells the worker that there is work, `forget` makes what was erased unreadable on the
    disk; `ocr` is whether pictures can be read.
    """

    files: FileStore
    documents: DocumentStore
    jobs: JobStore
    folder: UploadFolder
    searcher: Search
    indexes: SearchIndexes
    news: DocumentNews
    wake: Callable[[], None]
    forget: Callable[[], Awaitable[None]]
    clock: Clock
    limits: FileLimits
    ocr: bool


class Library:
    """The `Documents` port. `before_erasing` is told user and file before one that expired goes."""

    def __init__(self, parts: LibraryParts) -> None:
        self.before_erasing: Callable[[str, str], Awaitable[None]] = _nothing_before
        self._parts = parts
        self._owners: dict[str, bool] = {}
        self._changes = 0

    async def add(self, user_id: str, upload: Upload) -> File:
        """Take received bytes in and queue them; the same bytes and name give the file there is.

        Raises:
            InvalidRequest: when it is empty.
            QuotaExceeded: when the user may keep no more files or bytes, or has too many waiting.
            UnsupportedFile: when the first bytes show that no reader can take them.
        """
        if upload.size_bytes == 0:
            raise InvalidRequest("The file is empty", param="file", code="empty_file")
        refused = await self._refusal(upload)
        if refused and upload.treatment == "read":
            raise UnsupportedFile(refused, param="file")
        await self.erase_expired()  # what has expired takes no room and is not found again
        parts, now_ms = self._parts, self._parts.clock.now_ms()
        state: DocumentState = "failed" if refused else "queued"
        document = Document(
            id=new_id("doc"),
            user_id=user_id,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            state="ready" if upload.treatment == "keep" else state,
            reason=refused,
            note=KEPT if upload.treatment == "keep" else "",
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        file = File(
            id=new_id("file"),
            user_id=user_id,
            filename=upload.filename,
            document=document,
            purpose=upload.purpose,
            created_at_ms=now_ms,
            expires_at_ms=_expiry(upload, now_ms=now_ms),
        )
        kept = await self._take_in(file, upload.path)
        self._forget_owner(user_id)
        parts.wake()
        return kept

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find one of the user's files."""
        return await self._parts.files.get(user_id, file_id)

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """The user's files; raise InvalidRequest for a cursor no listing of this order gave out."""
        return await self._parts.files.list(user_id, listing)

    async def settled(self, user_id: str, file_id: str, *, wait_s: float) -> File | None:
        """Wait until the file is ready or failed, at most so long; give it as it then is."""
        until_s = self._parts.clock.monotonic_s() + wait_s
        async for file in self.watch(user_id, file_id, until_s=until_s):
            if file.document.state in FINAL_STATES:
                return file
        return await self.get(user_id, file_id)

    def let_go(self) -> None:
        """Let whoever waits for a document go with what there is: the server is stopping."""
        self._parts.news.close()

    async def delete(self, user_id: str, file_id: str) -> bool:
        """Erase a file and, with the last one of its document, everything made from it."""
        erased = await self._parts.files.delete(user_id, file_id)
        if erased is None:
            return False
        await self._drop(erased)
        await self._parts.forget()
        self._parts.news.changed(erased.document.id)
        return True

    async def erase_expired(self) -> None:
        """Erase what has expired, of all users, as `delete` does; `before_erasing` hears of each."""
        while some := await self._parts.files.expired(limit=EXPIRED_AT_ONCE):
            for file in some:
                await self.before_erasing(file.user_id, file.id)
                if await self._parts.files.delete(file.user_id, file.id, expired=True):
                    await self._drop(file)
                    self._parts.news.changed(file.document.id)
            await self._parts.forget()

    async def keep_erasing(self) -> None:
        """At once and every few minutes, erase what has expired. Cancel to stop."""
        while True:
            try:
                await self.erase_expired()
            except (StewardError, OSError):
                logger.exception("files that have expired could not be erased")
            await self._parts.clock.sleep(ERASE_EVERY_S)

    async def stop_reading(self, user_id: str) -> None:
        """Read no more of what a user added, until it is asked for again; what was read stays."""
        parts, now_ms = self._parts, self._parts.clock.now_ms()
        for document_id in await parts.jobs.drop_of(user_id, reason=STOPPED, now_ms=now_ms):
            parts.news.changed(document_id)

    def users(self) -> Collection[str]:
        """Name the users of whom this process holds an index."""
        return self._parts.indexes.users()

    async def forget_user(self, user_id: str) -> None:
        """Erase the bytes and the index of a user whose rows are gone."""
        self._forget_owner(user_id)
        await asyncio.to_thread(self._parts.folder.remove_user, user_id)
        await self._parts.indexes.discard(user_id)
        await self._parts.forget()

    async def reindex(self, user_id: str, file_id: str) -> File | None:
        """Read and index a file's document anew; the old index answers until the new one is done."""
        file = await self.get(user_id, file_id)
        if file is None:
            return None
        now_ms = self._parts.clock.now_ms()
        if await self._parts.jobs.add(_job(file.document, now_ms=now_ms)):
            self._parts.news.changed(file.document.id)
            self._parts.wake()
        return await self.get(user_id, file_id)

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        """Give the original and where its bytes lie."""
        file = await self.get(user_id, file_id)
        path = None if file is None else await self._parts.folder.found([file])
        return None if file is None or path is None else (file, path)

    async def text(self, user_id: str, file_id: str, *, number: int | None) -> Sequence[TextPage]:
        """Give one page of the stored text, or all; empty when there is none."""
        file = await self.get(user_id, file_id)
        if file is None:
            return ()
        return await self._parts.documents.pages(user_id, file.document.id, number=number)

    async def passages(
        self, user_id: str, file_id: str, *, max_chars: int | None = None
    ) -> Sequence[Passage]:
        """Give a file's text from its beginning, in order, as passages that can be cited."""
        file = await self.get(user_id, file_id)
        if file is None:
            return ()
        if max_chars is None or file.document.chars <= max_chars:
            pages = await self._parts.documents.pages(user_id, file.document.id, number=None)
            return tuple(in_order(file, pages))
        found: list[Passage] = []
        left = max_chars
        number = 1
        while left > 0:
            pages = await self._parts.documents.pages(user_id, file.document.id, number=number)
            if not pages:
                break
            found += in_order(file, pages)
            left -= sum(len(page.text) for page in pages)
            number += 1
        return tuple(found)

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        """Find passages, best first."""
        return await self._parts.searcher.search(user_id, query)

    async def cited(self, user_id: str, citation_id: str) -> CitedPassage | None:
        """Resolve a citation; None when it is not the user's, erased, or its text has changed."""
        parts = self._parts
        return await resolve(user_id, citation_id, files=parts.files, documents=parts.documents)

    async def bounds(self, user_id: str) -> Sequence[Bound]:
        """Tell how much the user may keep, and keeps."""
        limits, kept = self._parts.limits, await self._parts.files.kept(user_id)
        return (
            Bound("files", limits.files, kept.files),
            Bound("file_bytes", limits.bytes, kept.size_bytes),
            Bound("waiting_files", limits.waiting, kept.waiting),
        )

    async def has_any(self, user_id: str) -> bool:
        """Tell whether the user has any file; costs no more than a look into memory when unchanged."""
        known = self._owners.get(user_id)
        if known is None:
            changes = self._changes
            states = await self._parts.documents.count_by_state(user_id)
            known = any(states.values())
            if changes == self._changes:  # else an upload or a deletion came in between
                self._owners[user_id] = known
        return known

    async def watch(
        self, user_id: str, file_id: str, *, until_s: float | None = None
    ) -> AsyncIterator[File]:
        """Give the file now and after every change of its document, until it is ready or failed.

        Ends early when it is erased, at `until_s` of the clock, or when the server stops.
        """
        parts = self._parts
        shown: File | None = None
        file = await self.get(user_id, file_id)
        while file is not None:
            document_id = file.document.id
            waiter = parts.news.subscribe(document_id)
            try:
                file = await self.get(user_id, file_id)
                if file is not None and file != shown:
                    yield file
                    shown = file
                if file is None or file.document.state in FINAL_STATES:
                    return
                left_s = LOOK_AGAIN_S
                if until_s is not None:
                    left_s = min(left_s, until_s - parts.clock.monotonic_s())
                if left_s <= 0 or parts.news.closed:
                    return
                await parts.news.wait(document_id, waiter, at_most_s=left_s)
            finally:
                parts.news.unsubscribe(document_id, waiter)

    def _forget_owner(self, user_id: str) -> None:
        """Have the next `has_any` look, also one that looks right now."""
        self._changes += 1
        self._owners.pop(user_id, None)

    async def _refusal(self, upload: Upload) -> str:
        """Give the reason why no reader can take an upload, "" when one may or none is wanted."""
        if upload.treatment == "keep":
            return ""
        head = await asyncio.to_thread(_head, upload.path)
        return first_look(head, upload.filename, ocr=self._parts.ocr)

    async def _drop(self, erased: File) -> None:
        """Remove what was made of a file whose row is gone."""
        user_id = erased.user_id
        self._forget_owner(user_id)
        await asyncio.to_thread(self._parts.folder.remove, user_id, erased.id)
        if erased.document.id not in await self._parts.documents.revisions(user_id):
            await self._parts.indexes.forget(user_id, [erased.document.id])

    async def _take_in(self, file: File, received: Path) -> File:
        """Put the bytes in their place before the row that names them: a crash leaves no row without bytes."""
        folder = self._parts.folder
        user_id = file.user_id
        await asyncio.to_thread(folder.take_in, received, user_id=user_id, file_id=file.id)
        queued = file.document.state == "queued"
        job = _job(file.document, now_ms=file.created_at_ms) if queued else None
        try:
            kept = await self._parts.files.add(file, limits=self._parts.limits, job=job)
        except Exception:  # a cancelled one may yet be written; the next start tidies up
            await asyncio.shield(asyncio.to_thread(folder.remove, user_id, file.id))
            raise
        if kept.id != file.id:
            await asyncio.to_thread(folder.put_back, file.id, kept=kept)
            if await self.get(user_id, kept.id) is None:  # erased meanwhile
                await asyncio.to_thread(folder.remove, user_id, kept.id)
        elif kept.document.id != file.document.id:
            document_id = kept.document.id
            twins = await self._parts.files.of_documents(kept.user_id, [document_id])
            await asyncio.to_thread(folder.share, kept, twins.get(document_id, ()))
        return kept


def _job(document: Document, *, now_ms: int) -> Job:
    return Job(
        id=new_id("job"),
        kind="ingest",
        user_id=document.user_id,
        document_id=document.id,
        created_at_ms=now_ms,
        traceparent=current_traceparent(),
    )


async def _nothing_before(_user_id: str, _file_id: str) -> None:
    return None


def _expiry(upload: Upload, *, now_ms: int) -> int | None:
    after_s = upload.expires_after_s
    return None if after_s is None else now_ms + after_s * 1000


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
