"""Attachments of a turn: every content part is checked, fetched and read before a model sees it.

Two steps. `taken_in` handles what came with the request, strictly: whatever is wrong is the caller's
to mend, and is refused by its place in the messages. What it gives is what a session stores: files
are references, never their bytes. `shown` makes of the whole history what models are shown: images
as data URIs, the newest question with the text of its documents, older documents by name. What a
stored session once held and is gone now is told, not refused. Not for: plain text, which passes by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.agent.attached_files import AttachedFiles
from backend.agent.attached_images import AttachedImages
from backend.agent.attached_parts import attached, has_parts
from backend.agent.attached_sounds import check_sound
from backend.agent.attached_text import Beside, put_beside
from backend.agent.context import message_parts
from backend.agent.run import Run
from backend.errors import InvalidRequest, StewardError
from backend.kit.waiting import side_by_side
from backend.ports.documents import File
from backend.ports.values import ChatMessage, JsonObject

_TEXTS = ("text", "refusal")
_KINDS = (*_TEXTS, "image_url", "input_audio", "file")

UNSEEN = "[Something was attached here that this model cannot take.]"


class Attachments:
    """The attachments of one turn."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._images = AttachedImages(run)
        self._files = AttachedFiles(run, self._images)

    async def taken_in(self, messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
        """Check what came with a request and make references of it, all parts side by side.

        The run's request holds the references from then on; the bytes are let go. Messages that an
        earlier turn took in are left alone.

        Raises:
            InvalidRequest, UnsupportedByModel, NotFound, Conflict ...: naming the part.
        """
        known = self._run.request.taken_before
        if not has_parts(messages[known:]):
            return messages
        places = [
            (f"messages[{at}].content[{n}]", part)
            for at, message in enumerate(messages)
            if at >= known
            for n, part in enumerate(_parts(message, at))
        ]
        for where, part in places:
            self._check(where, part)
        found = iter(await side_by_side(self._taken(where, part) for where, part in places))
        kept = [
            _joined(one, [next(found) for _ in _parts(one, at)])
            if at >= known and isinstance(one.get("content"), list)
            else one
            for at, one in enumerate(messages)
        ]
        self._run.request = replace(self._run.request, messages=kept)
        return kept

    def _check(self, where: str, part: JsonObject) -> None:
        """Refuse what can be refused by a look."""
        kind = part.get("type")
        if kind == "image_url":
            self._images.check(where, part)
        elif kind == "file":
            self._files.check(where, part)
        elif kind == "input_audio":
            check_sound(self._run, where, part)
        elif kind not in _TEXTS:
            msg = f"Parts of type '{str(kind)[:40]}' are not known; there are {', '.join(_KINDS)}"
            raise InvalidRequest(msg, param=f"{where}.type", code="invalid_value")
        elif not isinstance(part.get(str(kind)), str):
            msg = f"A {kind} part needs {kind}"
            raise InvalidRequest(msg, param=f"{where}.{kind}")

    async def _taken(self, where: str, part: JsonObject) -> JsonObject:
        if part["type"] == "image_url":
            return await self._images.taken(where, part)
        if part["type"] == "file":
            return await self._files.taken(where, part)
        return part

    async def shown(self, history: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
        """Give the history as models are shown it; what can be cited of it is numbered in the run."""
        if not has_parts(history):
            return history
        await self._images.begin(_parts_of("image_url", history))
        now = _asked_now(history)
        named: list[File] = []
        earlier: list[File] = []
        shown: list[ChatMessage] = []
        # The newest first: where there are too many images, the oldest are left out.
        for at in reversed(range(len(history))):
            files = named if at in now else earlier
            shown.append(await self._message(history[at], files))
        shown.reverse()
        if now and (named or earlier):
            rest = [one for at, one in enumerate(shown) if at >= now[0] or one["role"] == "system"]
            text = await put_beside(
                self._run, Beside(named=named[::-1], earlier=earlier[::-1], rest=rest)
            )
            shown[now[-1]] = _with_text(shown[now[-1]], text)
        return shown

    async def _message(self, message: ChatMessage, files: list[File]) -> ChatMessage:
        content = message.get("content")
        if not isinstance(content, list):
            return message
        parts = [await self._part(part, files) for part in reversed(content)]
        return {**message, "content": parts[::-1]}

    async def _part(self, part: JsonObject, files: list[File]) -> JsonObject:
        """Give one part as it is shown; a document is noted in `files`, and named in its place."""
        kind = part.get("type")
        try:
            if kind == "image_url":
                return await self._images.shown(part)
            if kind == "file":
                return await self._files.shown(part, files)
        except StewardError as exc:
            return attached(f"[What was attached here is not at hand: {exc.message}]")
        unheard = kind == "input_audio" and not self._run.model.can("audio")
        return attached(UNSEEN) if unheard or kind not in _KINDS else part


def _parts(message: ChatMessage, at: int) -> Sequence[JsonObject]:
    content = message.get("content")
    if not isinstance(content, list):
        return ()
    if not content and message["role"] == "user":
        raise InvalidRequest("A user message needs content", param=f"messages[{at}].content")
    return content


def _parts_of(kind: str, history: Sequence[ChatMessage]) -> list[JsonObject]:
    return [part for one in history for part in message_parts(one) if part.get("type") == kind]


def _joined(message: ChatMessage, parts: list[JsonObject]) -> ChatMessage:
    """Put the parts back; a tool's result of texts alone is one text."""
    if message["role"] == "tool" and all(part["type"] == "text" for part in parts):
        return {**message, "content": "\n".join(part["text"] for part in parts)}
    return {**message, "content": parts}


def _asked_now(history: Sequence[ChatMessage]) -> range:
    """Find the newest question: the last user message, with those that stand right before it."""
    users = [at for at, one in enumerate(history) if one["role"] == "user"]
    if not users:
        return range(0)
    first = last = users[-1]
    while first > 0 and history[first - 1]["role"] == "user":
        first -= 1
    return range(first, last + 1)


def _with_text(message: ChatMessage, text: str) -> ChatMessage:
    """Put the text of documents before the words of a question."""
    content = message.get("content")
    if not text:
        return message
    if not isinstance(content, list):
        content = [{"type": "text", "text": content or ""}]
    return {**message, "content": [attached(text), *content]}
