"""A double of the web: one real server under many names, its pages, and the names' addresses."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.fakes.faulty_server import FaultyServer

PAGES = Path(__file__).parents[1] / "fixtures" / "web"
PUBLIC = "93.184.215.14"


def fixture_page(name: str) -> bytes:
    """Give one of the pages in tests/fixtures/web."""
    return (PAGES / f"{name}.html").read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one path answers; without `status` it is a page."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class WebDouble(FaultyServer):
    """Answers what `pages` holds by path; `hold` paths send a first part and never end."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Answer] = {}
        self.hold: set[str] = set()
        self.held = asyncio.Event()
        self.get("/{path:.*}", self._answer)
        self.post("/{path:.*}", self._answer)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path_qs for request in self.requests]

    def page(self, path: str, body: bytes | str, **answer: object) -> str:
        """Serve a body at a path, and give its address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Answer(body=data, **answer)  # type: ignore[arg-type]
        return f"{self.url}{path}"

    def redirect(self, path: str, to: str, *, status: int = 302) -> str:
        """Lead from a path to an address, which may be anything."""
        self.pages[path] = Answer(status=status, headers={"location": to})
        return f"{self.url}{path}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.hold:
            reply = web.StreamResponse(headers={"content-type": "text/html"})
            await reply.prepare(request)
            await reply.write(b"<html><body><p>slow")
            self.held.set()
            await self._released.wait()
            return reply
        found = self.pages.get(request.path_qs)
        if found is None:
            return web.Response(status=404, text="nothing here")
        headers = {"content-type": found.content_type, **found.headers}
        return web.Response(status=found.status, body=found.body, headers=headers)


@dataclass
class Names:
    """A resolver: the addresses of each name; given several answers, one lookup after the other."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise OSError("Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]


def gzipped(body: bytes) -> Answer:
    """Compress a page."""
    return Answer(body=gzip.compress(body), headers={"content-encoding": "gzip"})


def bomb(size: int, *, encoding: str = "gzip") -> Answer:
    """Give a small body that unpacks to `size` bytes."""
    wbits = {"gzip": 31, "deflate": 15, "raw": -15}[encoding]
    machine = zlib.compressobj(9, zlib.DEFLATED, wbits)
    block = b"0" * 1_000_000
    body = b"".join(machine.compress(block) for _ in range(size // len(block))) + machine.flush()
    name = "deflate" if encoding == "raw" else encoding
    return Answer(body=body, headers={"content-encoding": name})
