"""Which of a user's files a model or a person means by a name, over the documents port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.errors import ToolRetry
from backend.kit.meant_files import fitting
from backend.kit.plain_text import one_line
from backend.ports.documents import Documents, File, Listing

NAMES_SHOWN = 20
_NAMES_COMPARED = 200
_ALIKE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile:
    """A file of the caller and where its bytes lie: to be read, never to be written."""

    file: File
    path: Path


async def named(documents: Documents, user_id: str, name: str) -> Sequence[File]:
    """Find the files that a name means: by id, by name, by a part of it, by its words.

    Raises:
        ToolRetry: naming the user's files, when it is none of them.
    """
    if (one := await documents.get(user_id, name)) is not None:
        return (one,)
    alike = (await documents.list(user_id, Listing(name_contains=name[:200], limit=_ALIKE))).items
    same = [one for one in alike if one.filename.casefold() == name.casefold()]
    if found := same or alike:
        return found
    newest = (await documents.list(user_id, Listing(limit=_NAMES_COMPARED))).items
    fits = fitting(name, [one.filename for one in newest])
    if fits:
        return [one for one in newest if one.filename in fits]
    if not newest:
        msg = "The user has no files: none were uploaded yet."
        raise ToolRetry(msg)
    names = "; ".join(one_line(one.filename, max_chars=100) for one in newest[:NAMES_SHOWN])
    more = " and more" if len(newest) > NAMES_SHOWN else ""
    msg = f'None of the user\'s files is called "{name[:100]}". Their files: {names}{more}.'
    raise ToolRetry(msg)


async def original(documents: Documents, user_id: str, name: str) -> OwnFile:
    """Find the one file a name means, the newest where several fit, with its bytes.

    Raises:
        ToolRetry: when there is none, naming the user's files.
    """
    for file in await named(documents, user_id, name):
        found = await documents.content(user_id, file.id)
        if found is not None:
            return OwnFile(file=found[0], path=found[1])
    msg = f'The bytes of "{name[:100]}" are no longer there; it may have been deleted just now.'
    raise ToolRetry(msg)


async def mentioned(documents: Documents, user_id: str, text: str) -> Sequence[OwnFile]:
    """Find the files whose full names stand in a text such as code, the newest of each name."""
    found: dict[str, OwnFile] = {}
    for file in (await documents.list(user_id, Listing(limit=_NAMES_COMPARED))).items:
        if file.filename in text and file.filename not in found:
            held = await documents.content(user_id, file.id)
            if held is not None:
                found[file.filename] = OwnFile(file=held[0], path=held[1])
    return tuple(found.values())
