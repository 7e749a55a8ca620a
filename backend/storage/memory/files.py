"""Files in memory: names over documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from backend.errors import Conflict
from backend.kit.folding import fold
from backend.kit.json_values import clean_text
from backend.ports.document_jobs import Job
from backend.ports.document_stores import FileLimits, Kept
from backend.ports.documents import FINAL_STATES, Document, File, Listing
from backend.ports.stores import Page
from backend.storage.file_listing import checked, later, mark_of, next_cursor, sort_value, unread
from backend.storage.memory.document_jobs import queue
from backend.storage.memory.document_shelves import detached_document
from backend.storage.memory.shelves import Shelves
from backend.storage.quotas import check_quota
from backend.storage.scrubbing import scrubbed, scrubbed_answer


class MemoryFileStore:
    """The `FileStore` port in memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._papers = shelves.papers

    async def add(self, file: File, *, limits: FileLimits, job: Job | None) -> File:
        """Add a file, with its document and job when the bytes are new to the user.

        Raises:
            QuotaExceeded: when a limit would be passed.
            Conflict: when the user does not exist any more.
        """
        self._shelves.require_user(file.user_id)
        file = replace(file, filename=clean_text(file.filename))
        kept, document = self._kept(file.user_id), self._same_bytes(file)
        if document is None:
            size, waiting = file.document.size_bytes, int(job is not None)
            check_quota(limits, kept, Kept(files=1, size_bytes=size, waiting=waiting))
            return self._add_new(file, job)
        known = self._same_name(file, document)
        reading = job is not None and unread(document)
        check_quota(limits, kept, Kept(files=int(known is None), waiting=int(reading)))
        if job is not None and reading:
            queue(self._papers, replace(job, document_id=document.id))
        if known is None:
            return self._named(replace(file, document=document))
        expiry = later(known.expires_at_ms, file.expires_at_ms)
        return self._named(replace(known, purpose=file.purpose, expires_at_ms=expiry))

    async def get(self, user_id: str, file_id: str) -> File | None:
        """Find one of the user's."""
        return self._papers.file(user_id, file_id)

    async def kept(self, user_id: str) -> Kept:
        """How much counts against the user's limits: also what has expired and is still to be erased."""
        return self._kept(user_id)

    async def of_documents(
        self, user_id: str, document_ids: Sequence[str]
    ) -> Mapping[str, Sequence[File]]:
        """The files of each document, oldest first."""
        found: defaultdict[str, list[File]] = defaultdict(list)
        for file in sorted(
            self._papers.files_of(user_id), key=lambda it: (it.created_at_ms, it.id)
        ):
            if file.document.id in document_ids:
                found[file.document.id].append(file)
        return dict(found)

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        """A slice of the user's files.

        Raises:
            InvalidRequest: for a cursor no listing of this order gave out, a name over 500
                characters or a limit outside 1 to 10,000.
        """
        asked = checked(listing)
        if listing.after:
            asked = replace(
                asked, after=mark_of(listing, self._papers.file(user_id, listing.after))
            )

        def place(file: File) -> tuple[int | str, str]:
            return sort_value(file, listing.order), file.id

        found = [
            file
            for file in self._papers.files_of(user_id)
            if asked.name_key in fold(file.filename)
            and (not listing.states or file.document.state in listing.states)
            and (not listing.purpose or file.purpose == listing.purpose)
            and (listing.file_ids is None or file.id in listing.file_ids)
        ]
        if (mark := asked.after) is not None:
            after = (mark.value, mark.file_id)
            found = [
                it
                for it in found
                if (place(it) < after if listing.descending else place(it) > after)
            ]
        found.sort(key=place, reverse=listing.descending)
        items = tuple(found[: asked.limit])
        if len(found) <= asked.limit:
            return Page(items=items)
        return Page(items=items, next_cursor=next_cursor(listing, items[-1]))

    async def delete(self, user_id: str, file_id: str, *, expired: bool = False) -> File | None:
        """Erase a file, and with the last file of a document everything made of it."""
        file = self._papers.files.get(file_id)
        if file is None or file.user_id != user_id or self._papers.expired(file) != expired:
            return None
        file = self._whole(file)
        runs = self._shelves.runs
        for run in [it for it in runs.values() if file.id in it.file_ids]:
            runs[run.id] = scrubbed(run, {file.id})
        answers = self._shelves.answers
        for one in [it for it in answers.values() if file.id in it.file_ids]:
            answers[one.id] = scrubbed_answer(one, {file.id})
        self._papers.erase_file(file.id)
        if not any(it.document.id == file.document.id for it in self._papers.files.values()):
            self._papers.erase_document(file.document.id)
        self._papers.raise_version(file.user_id)
        return file

    async def expired(self, *, limit: int) -> Sequence[File]:
        """The files that have expired longest and are still to be erased."""
        gone = [it for it in self._papers.files.values() if self._papers.expired(it)]
        gone.sort(key=lambda it: (it.expires_at_ms or 0, it.id))
        return [self._whole(it) for it in gone[:limit]]

    async def ids(self) -> Mapping[str, frozenset[str]]:
        """All file ids by user."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for file in self._papers.files.values():
            found[file.user_id].add(file.id)
        return {user_id: frozenset(ids) for user_id, ids in found.items()}

    def _whole(self, file: File) -> File:
        document = self._papers.documents[file.document.id]
        return replace(file, document=detached_document(document))

    def _kept(self, user_id: str) -> Kept:
        documents = self._papers.documents_of(user_id)
        return Kept(
            files=sum(it.user_id == user_id for it in self._papers.files.values()),
            size_bytes=sum(it.size_bytes for it in documents),
            waiting=sum(it.state not in FINAL_STATES for it in documents),
        )

    def _same_bytes(self, file: File) -> Document | None:
        mine = self._papers.documents_of(file.user_id)
        return next((it for it in mine if it.sha256 == file.document.sha256), None)

    def _same_name(self, file: File, document: Document) -> File | None:
        return next(
            (
                it
                for it in self._papers.files.values()
                if it.document.id == document.id and it.filename == file.filename
            ),
            None,
        )

    def _add_new(self, file: File, job: Job | None) -> File:
        known = job is not None and job.id in self._papers.jobs
        if file.document.id in self._papers.documents or known:
            raise Conflict
        named = self._named(file, document=file.document)
        if job is not None:
            self._papers.jobs[job.id] = job
        return named

    def _named(self, file: File, *, document: Document | None = None) -> File:
        known = self._papers.files.get(file.id)
        if known is not None and known.document.id != file.document.id:
            raise Conflict
        if document is not None:
            self._papers.documents[document.id] = detached_document(document)
        self._papers.files[file.id] = file
        return self._whole(file)
