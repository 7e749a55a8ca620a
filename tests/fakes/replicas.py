"""Several real server processes on one real PostgreSQL, with a model server that is scripted."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.processes import ROOT, clean_environment

LISTENS = "Steward listens on "
PASSWORD = "a password for replicas"
STARTS_WITHIN_S = 60.0


@dataclass(slots=True)
class Replica:
    """One server process, and a client that is logged in as the administrator."""

    process: asyncio.subprocess.Process
    http: httpx.AsyncClient
    output: list[str]

    async def kill(self) -> None:
        """End it with SIGKILL."""
        os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@dataclass(slots=True)
class Replicas:
    """Two servers, the database behind them, and the model server."""

    one: Replica
    other: Replica
    ollama: OllamaDouble
    database_url: str


@asynccontextmanager
async def two_replicas(folder: Path, database_url: str, **environ: str) -> AsyncIterator[Replicas]:
    """Start two servers that share a database, a secret and the folder of uploads."""
    async with AsyncExitStack() as stack:
        ollama = await stack.enter_async_context(OllamaDouble())
        uploads = folder / "uploads"
        uploads.mkdir(mode=0o700)
        made: list[Replica] = []
        for name in ("one", "other"):
            data = folder / name
            data.mkdir(mode=0o700)
            (data / "uploads").symlink_to(uploads)
            if made:
                (data / "checkpoints.db").symlink_to(folder / "one" / "checkpoints.db")
            given = {
                "DATA_DIR": str(data),
                "DATABASE_URL": database_url,
                "SECRET_KEY": "a secret that both of them know: 0123456789",
                "ADMIN_PASSWORD": PASSWORD,
                "SERVER_PORT": "0",
                "AUTH__BCRYPT_ROUNDS": "10",
                "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
                "OLLAMA_HOST": ollama.url,
                "MODELS__RETRIES": "0",
                **environ,
            }
            made.append(await stack.enter_async_context(_replica(folder, given)))
        yield Replicas(*made, ollama=ollama, database_url=database_url)


@asynccontextmanager
async def _replica(folder: Path, environ: dict[str, str]) -> AsyncIterator[Replica]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "run_backend.py"),
        cwd=folder,
        env=clean_environment(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    output: list[str] = []
    url = ""
    async with asyncio.timeout(STARTS_WITHIN_S):
        while not url:
            line = (await process.stdout.readline()).decode()
            assert line, f"the server ended before it was ready: {''.join(output)}"
            output.append(line)
            _, found, rest = line.partition(LISTENS)
            url = rest.strip() if found else ""
    reading = asyncio.create_task(_read(process.stdout, output))
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            body = {"username": "admin", "password": PASSWORD}
            answer = await http.post("/api/auth/login", json=body)
            http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            yield Replica(process, http, output)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await reading


async def _read(stream: asyncio.StreamReader, output: list[str]) -> None:
    while line := await stream.readline():
        output.append(line.decode())


async def until(ask: Any, wanted: Any, *, within_s: float = 40.0) -> Any:
    """Ask again and again until `wanted(answer)` holds; give the answer."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await ask()
            if wanted(answer):
                return answer
            await asyncio.sleep(0.1)  # noqa: TID251 - a harness; the other side is a process
