"""Signed links that let the owner of a run decide about one call without logging in.

A link is bound to user, run, call and time. Its address can be read without the key, but what it
says counts only where the signature fits. Not for: what a decision does (`approvals`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from backend.kit.signed_links import LinkSigner

PATH = "/api/approve/"
MAX_TOKEN_CHARS = 600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,500}\.[A-Za-z0-9_-]{22}")
_IN_TEXT = re.compile(rf"{PATH}([A-Za-z0-9_-]{{1,500}}\.[A-Za-z0-9_-]{{22}})")
_IN_BYTES = re.compile(_IN_TEXT.pattern.encode())
_WITHHELD = b"withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What a link is for."""

    user_id: str
    run_id: str
    call_id: str
    expires_at_ms: int


class ApprovalLinks:
    """Makes and reads links."""

    def __init__(self, signer: LinkSigner, *, public_url: str) -> None:
        self._signer = signer
        self._public_url = public_url.rstrip("/")

    def link(self, linked: Linked) -> str:
        """Make the absolute address."""
        fields = [linked.user_id, linked.run_id, linked.call_id, linked.expires_at_ms]
        payload = _encoded(orjson.dumps(fields))
        return f"{self._public_url}{PATH}{payload}.{self._signer.proof(payload)}"

    def read(self, token: str) -> Linked | None:
        """Give what a token is for; None when it is forged. Whether it has expired is not looked at."""
        if len(token) > MAX_TOKEN_CHARS or _TOKEN.fullmatch(token) is None:
            return None
        payload, _, signature = token.partition(".")
        if not self._signer.proves(signature, payload):
            return None
        return _linked(payload)


def run_in(text: str) -> str | None:
    """Give the run that the first link in a text names, signed or not: for the owner's eyes alone."""
    if PATH not in text:
        return None
    found = _IN_TEXT.search(text)
    linked = _linked(found[1].partition(".")[0]) if found else None
    return linked.run_id if linked else None


async def without_links(body: bytes, *, shows: Callable[[str], Awaitable[bool]]) -> bytes:
    """Make the links useless in what is sent, but for those of runs that `shows` names; as long as before."""
    pieces: list[bytes] = []
    end = 0
    for found in _IN_BYTES.finditer(body):
        linked = _linked(found[1].decode().partition(".")[0])
        if linked is None or not await shows(linked.run_id):
            pieces += [body[end : found.start(1)], _WITHHELD.ljust(len(found[1]), b"-")]
            end = found.end(1)
    return b"".join([*pieces, body[end:]]) if pieces else body


def before_link(text: str, at: int) -> int:
    """Give a place in a text that cuts no link: `at`, or where the link begins."""
    around = _IN_TEXT.search(text, max(0, at - MAX_TOKEN_CHARS), at + MAX_TOKEN_CHARS)
    while around is not None and around.end() <= at:
        around = _IN_TEXT.search(text, around.end(), at + MAX_TOKEN_CHARS)
    return around.start() if around is not None and around.start() < at else at


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _linked(payload: str) -> Linked | None:
    try:
        fields: object = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return None
    match fields:
        case [str(user_id), str(run_id), str(call_id), int(expires_at_ms)]:
            return Linked(
                user_id=user_id, run_id=run_id, call_id=call_id, expires_at_ms=expires_at_ms
            )
        case _:
            return None
