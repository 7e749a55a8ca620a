"""The documents port in memory: bytes on disk, plain text as the only format, words as the index.

A form feed begins a new page. Documents whose text begins with HELD stay in their state until `release`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import time_ns
from typing import Any

from backend.errors import InvalidRequest, QuotaExceeded, UnsupportedFile
from backend.kit.ids import new_id
from backend.ports.documents import (
    FINAL_STATES,
    CitedPassage,
    Document,
    File,
    FileFilter,
    Listing,
    Passage,
    SearchAnswer,
    SearchQuery,
    TextPage,
    Upload,
)
from backend.ports.stores import Page
from backend.ports.values import Citation

HELD = b"HELD"
PROGRAM = b"\x7fELF"
AROUND = 200


@dataclass(slots=True)
class KeptDocuments:
    """Everything one server keeps of documents."""

    folder: Path
    max_files: int = 10_000
    held: bool = True
    files: dict[str, File] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, user_id: str, upload: Upload) -> File:
        content = upload.path.read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            upload.size_bytes,
            upload.sha256,
        )
        mine = self._of(user_id)
        for one in mine:
            if (one.document.sha256, one.filename) == (upload.sha256, upload.filename):
                return one
        if len(mine) >= self.max_files:
            raise QuotaExceeded
        if content.startswith(PROGRAM):
            raise UnsupportedFile
        same = next((one.document for one in mine if one.document.sha256 == upload.sha256), None)
        document = same or Document(
            id=new_id("doc"),
            user_id=user_id,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            created_at_ms=_now_ms(),
        )
        file = File(
            id=new_id("file"),
            user_id=user_id,
            filename=upload.filename,
            document=document,
            purpose=upload.purpose,
            created_at_ms=_now_ms(),
        )
        where = self._path(file)
        where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        upload.path.replace(where)
        self.files[file.id] = file
        if same is None and not (self.held and content.startswith(HELD)):
            await self._read(document)
        elif same is None:
            await self._change(replace(document, state="parsing", progress=0.25))
        return self.files[file.id]

    async def get(self, user_id: str, file_id: str) -> File | None:
        file = self.files.get(file_id)
        return file if file and file.user_id == user_id else None

    async def list(self, user_id: str, listing: Listing) -> Page[File]:
        found = [
            one
            for one in self._of(user_id)
            if listing.name_contains.casefold() in one.filename.casefold()
            and (not listing.states or one.document.state in listing.states)
        ]
        keys: dict[str, Any] = {
            "created_at": lambda one: (one.created_at_ms, one.id),
            "filename": lambda one: (one.filename.casefold(), one.id),
            "size": lambda one: (one.document.size_bytes, one.id),
        }
        found.sort(key=keys[listing.order], reverse=listing.descending)
        ids = [one.id for one in found]
        if listing.cursor is not None and listing.cursor not in ids:
            raise InvalidRequest("This cursor is not one that a listing gave out.", param="cursor")
        start = ids.index(listing.cursor) + 1 if listing.cursor else 0
        shown = found[start : start + listing.limit]
        more = start + listing.limit < len(found)
        return Page(items=tuple(shown), next_cursor=shown[-1].id if more else None)

    async def settled(self, user_id: str, file_id: str, *, wait_s: float) -> File | None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._end_of(user_id, file_id), wait_s)
        return await self.get(user_id, file_id)

    async def delete(self, user_id: str, file_id: str) -> bool:
        file = await self.get(user_id, file_id)
        if file is None:
            return False
        del self.files[file_id]
        self._path(file).unlink()
        if not any(one.document.id == file.document.id for one in self.files.values()):
            self.texts.pop(file.document.id, None)
        async with self.changed:
            self.changed.notify_all()
        return True

    async def reindex(self, user_id: str, file_id: str) -> File | None:
        file = await self.get(user_id, file_id)
        if file is not None:
            await self._change(replace(file.document, state="queued", progress=0, reason=""))
            waiting = self.files[file_id]
            await self._read(file.document)
            return waiting
        return None

    async def content(self, user_id: str, file_id: str) -> tuple[File, Path] | None:
        file = await self.get(user_id, file_id)
        return (file, self._path(file)) if file else None

    async def text(self, user_id: str, file_id: str, *, number: int | None) -> Sequence[TextPage]:
        file = await self.get(user_id, file_id)
        text = self.texts.get(file.document.id, "") if file else ""
        pages = list(_pages(text))
        return [one for one in pages if number is None or one.number == number]

    async def search(self, user_id: str, query: SearchQuery) -> SearchAnswer:
        words = set(re.findall(r"\w+", query.text.casefold()))
        mine = [one for one in self._of(user_id) if _fits(one, query.within)]
        ready = [one for one in mine if one.document.id in self.texts]
        found = [
            passage
            for one in ready
            for passage in _passages(one, self.texts[one.document.id], words)
        ]
        found.sort(key=lambda one: -one.score)
        return SearchAnswer(
            passages=tuple(found[: query.top_k]),
            relevant=bool(found),
            searched=len(ready),
            unready=len(mine) - len(ready),
        )

    async def cited(self, user_id: str, citation_id: str) -> CitedPassage | None:
        file_id, start, end = [*citation_id.removeprefix("cit_").split("."), "0", "0"][:3]
        file = await self.get(user_id, file_id)
        if file is None or not (start.isdigit() and end.isdigit()):
            return None
        text, first, last = self.texts.get(file.document.id, ""), int(start), int(end)
        page = next(one.page for one in _pages(text) if one.start <= first < one.end)
        citation = Citation(
            title=file.filename,
            text=text[first:last],
            file_id=file.id,
            page=page,
            start=first,
            end=last,
            id=citation_id,
        )
        return CitedPassage(
            citation=citation,
            filename=file.filename,
            before=text[max(0, first - AROUND) : first],
            after=text[last : last + AROUND],
        )

    async def has_any(self, user_id: str) -> bool:
        return bool(self._of(user_id))

    async def watch(self, user_id: str, file_id: str) -> AsyncIterator[File]:
        seen: File | None = None
        while (now := await self.get(user_id, file_id)) is not None:
            if now != seen:
                seen = now
                yield now
            if now.document.state in FINAL_STATES:
                return
            async with self.changed:
                if await self.get(user_id, file_id) == seen:
                    await self.changed.wait()

    async def release(self, file_id: str) -> None:
        """Read a held document on to its end."""
        await self._read(self.files[file_id].document)

    async def _end_of(self, user_id: str, file_id: str) -> None:
        async for _ in self.watch(user_id, file_id):
            pass

    def _of(self, user_id: str) -> list[File]:
        return [one for one in self.files.values() if one.user_id == user_id]

    def _path(self, file: File) -> Path:
        return self.folder / file.user_id / file.id

    async def _read(self, document: Document) -> None:
        file = next(one for one in self.files.values() if one.document.id == document.id)
        try:
            text = self._path(file).read_bytes().decode()
        except UnicodeDecodeError:
            reason = "It is no text"
            await self._change(replace(document, state="failed", reason=reason))
            return
        self.texts[document.id] = text
        await self._change(
            replace(
                document,
                kind="text",
                state="ready",
                reason="",
                progress=1.0,
                pages=text.count("\f") + 1,
                chars=len(text),
                chunks=len(list(_blocks(text))),
                language="en",
                revision=document.revision + 1,
            )
        )

    async def _change(self, document: Document) -> None:
        changed = replace(document, updated_at_ms=_now_ms())
        for one in list(self.files.values()):
            if one.document.id == document.id:
                self.files[one.id] = replace(one, document=changed)
        async with self.changed:
            self.changed.notify_all()


def _now_ms() -> int:
    return time_ns() // 1_000_000


def _pages(text: str) -> list[TextPage]:
    pages, start = [], 0
    paged = "\f" in text
    for number, part in enumerate(text.split("\f"), 1):
        end = min(len(text), start + len(part) + 1)
        page = number if paged else None
        pages.append(TextPage(number=number, page=page, start=start, end=end, text=text[start:end]))
        start = end
    return pages if text else []


def _blocks(text: str) -> list[tuple[int, int]]:
    blocks, start = [], 0
    for part in re.split(r"(\f|\n\n)", text):
        first = start + len(part) - len(part.lstrip())
        if part.strip():
            blocks.append((first, first + len(part.strip())))
        start += len(part)
    return blocks


def _passages(file: File, text: str, words: set[str]) -> list[Passage]:
    found = []
    for start, end in _blocks(text):
        held = set(re.findall(r"\w+", text[start:end].casefold()))
        score = len(held & words) / max(1, len(words))
        if score > 0:
            page = next(one.page for one in _pages(text) if one.start <= start < one.end)
            found.append(
                Passage(
                    file_id=file.id,
                    document_id=file.document.id,
                    filename=file.filename,
                    page=page,
                    start=start,
                    end=end,
                    text=text[start:end],
                    score=score,
                    relevance=score,
                    citation_id=f"cit_{file.id}.{start}.{end}",
                )
            )
    return found


def _fits(file: File, within: FileFilter) -> bool:
    made = file.created_at_ms
    return (
        (not within.file_ids or file.id in within.file_ids)
        and (not within.kinds or file.document.kind in within.kinds)
        and within.name_contains.casefold() in file.filename.casefold()
        and (within.created_from_ms is None or made >= within.created_from_ms)
        and (within.created_to_ms is None or made <= within.created_to_ms)
    )
