"""One real server process, its model server beside it, and what a test asks of both from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil

from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import clean_environment
from tests.fakes.ready_database import lay_database

CHAT = "/v1/chat/completions"
LISTENS = "Steward listens on "
PASSWORD = "a password for faults"
STARTS_WITHIN_S = 120.0


@dataclass(slots=True)
class OneServer:
    """The process, its address, and a client that is logged in as the administrator."""

    process: asyncio.subprocess.Process
    url: str
    http: httpx.AsyncClient
    output: list[str] = field(default_factory=list[str])

    async def kill(self) -> None:
        """End it as a crash or a power cut does."""
        os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    def resident_mib(self) -> float:
        """Tell how much memory the server itself holds."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    async def idle(self) -> None:
        """Wait until no run is under way."""
        await until(self._active, lambda active: active == 0)

    async def _active(self) -> int:
        return int((await self.http.get("/health")).json()["active_runs"])

    def request(self, body: Any) -> bytes:
        """Write a request for a chat as it goes over the wire."""
        content = orjson.dumps(body)
        head = {
            "host": "x",
            "authorization": self.http.headers["authorization"],
            "content-type": "application/json",
            "content-length": str(len(content)),
            "connection": "close",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"POST {CHAT} HTTP/1.1\r\n{lines}\r\n".encode() + content

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection of one's own."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return await asyncio.open_connection(host, int(port))


def settings_of(folder: Path, ollama: str, **environ: str) -> dict[str, str]:
    """Give the settings of a server that keeps everything in a folder."""
    return {
        "DATA_DIR": str(folder),
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "OLLAMA_HOST": ollama,
        "MODELS__RETRIES": "0",
        "SERVER__FIRST_BYTE_WAIT_S": "1",
        **environ,
    }


@asynccontextmanager
async def one_server(folder: Path, ollama: str, **environ: str) -> AsyncIterator[OneServer]:
    """Run `python -m backend` over a data folder until the block ends."""
    given = clean_environment(settings_of(folder, ollama, **environ))
    if "DATABASE_URL" not in environ:
        lay_database(folder)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend"),
        cwd=folder.parent,
        env=given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output: list[str] = []
    reading: asyncio.Task[None] | None = None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            url = await _address(process.stdout, output)
        reading = asyncio.create_task(_read(process.stdout, output))
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=url, trust_env=False, timeout=60, limits=limits
        ) as http:
            body = {"username": "admin", "password": PASSWORD}
            answer = await http.post("/api/auth/login", json=body)
            http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            yield OneServer(process, url, http, output)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(60):
            await process.wait()
        if reading is not None:
            await reading


async def _address(stream: asyncio.StreamReader, output: list[str]) -> str:
    while line := (await stream.readline()).decode():
        output.append(line)
        if LISTENS in line:
            return line.rpartition(LISTENS)[2].strip()
    msg = f"the server ended before it was ready: {''.join(output)}"
    raise AssertionError(msg)


async def _read(stream: asyncio.StreamReader, output: list[str]) -> None:
    while line := await stream.readline():
        output.append(line.decode())


async def until(
    ask: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], *, within_s: float = 120.0
) -> Any:
    """Ask again and again until `wanted(answer)` holds; give the answer."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await ask()
            if wanted(answer):
                return answer
            await asyncio.sleep(0.05)  # noqa: TID251 - a harness; the other side is a process
