"""The body of a request with a key: what it was, told by a fingerprint, and passed on.

Forms are not held: they are told apart while they are read, without their boundary, which clients choose
anew for each try.
"""

from __future__ import annotations

import asyncio
import hashlib

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope


class BodyPrint:
    """Reads a body and knows its fingerprint once it was read whole; before that it is empty."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        kind = next((it for name, it in scope["headers"] if name == b"content-type"), b"")
        self.is_form: bool = kind.lower().startswith(b"multipart/")
        self.fingerprint = ""
        self._receive = receive
        self._boundary = _boundary_of(kind) if self.is_form else b""
        self._hash = hashlib.sha256(scope["path"].encode() + b"?" + scope["query_string"] + b"\n")
        self._tail = b""
        self._held: list[bytes] = []
        self._ended = False
        self._passed = False

    async def read_whole(self) -> None:
        """Read to the end; a form is not held, anything else is given out again by `receive`.

        Raises:
            ClientDisconnect: when the client leaves before.
        """
        while not self._ended:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if not self.is_form:
                self._held.append(message.get("body", b""))

    async def receive(self) -> Message:
        """Give the body on; behind it nothing comes, not even that the client has left."""
        if self.is_form and not self._ended:
            return await self._next()
        if self._passed or self.is_form:
            await asyncio.Event().wait()
        self._passed = True
        body, self._held = b"".join(self._held), []
        return {"type": "http.request", "body": body, "more_body": False}

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._add(message.get("body", b""))
            if not message.get("more_body"):
                self._ended = True
                self._hash.update(self._tail)
                self.fingerprint = self._hash.hexdigest()
        return message

    def _add(self, piece: bytes) -> None:
        if not self._boundary:
            self._hash.update(piece)
            return
        left = (self._tail + piece).replace(self._boundary, b"")
        keep = min(len(left), len(self._boundary) - 1)
        self._tail = left[len(left) - keep :]
        self._hash.update(left[: len(left) - keep])


def _boundary_of(kind: bytes) -> bytes:
    _, _, told = kind.partition(b"boundary=")
    return told.split(b";")[0].strip(b' "')
