"""Several real server processes and a worker apart on one real PostgreSQL and one DATA_DIR."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.processes import ROOT, clean_environment
from tests.fakes.sql_databases import empty_postgres, postgres_copy

LISTENS = "Steward listens on "
LOOKS = "the worker looks for documents in "
MODEL = "llama3.2"
PASSWORD = "a password for replicas"
STARTS_WITHIN_S = 120.0


@dataclass(slots=True)
class Program:
    """A process of the test, and what it has said."""

    process: asyncio.subprocess.Process
    output: list[str] = field(default_factory=list[str])
    reading: asyncio.Task[None] | None = None

    async def said(self, word: str) -> str:
        """Wait for a line with a word; give what follows it. What comes later is kept."""
        assert self.process.stdout is not None
        async with asyncio.timeout(STARTS_WITHIN_S):
            while line := (await self.process.stdout.readline()).decode():
                self.output.append(line)
                _, found, rest = line.partition(word)
                if found:
                    self.reading = asyncio.create_task(self._read(self.process.stdout))
                    return rest.strip()
        msg = f"it ended before it was ready: {''.join(self.output)}"
        raise AssertionError(msg)

    async def kill(self) -> None:
        """End it with SIGKILL."""
        os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """End it in good order."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        await self.process.wait()
        if self.reading is not None:
            await self.reading

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.output.append(line.decode())


@dataclass(slots=True)
class Replica:
    """One server process, and a client that is logged in as the administrator."""

    program: Program
    http: httpx.AsyncClient

    async def kill(self) -> None:
        """End it with SIGKILL."""
        await self.program.kill()

    async def of(self, name: str) -> httpx.AsyncClient:
        """Give a client of a user; who closes the replicas closes it."""
        body = {"username": name, "password": f"the password of {name}"}
        answer = await self.http.post("/api/auth/login", json=body)
        token = answer.json()["access_token"]
        made = httpx.AsyncClient(base_url=self.http.base_url, trust_env=False, timeout=60)
        made.headers["authorization"] = f"Bearer {token}"
        return made


@dataclass(slots=True, kw_only=True)
class Replicas:
    """Two servers, the database and the folder behind them, and the model server."""

    ollama: OllamaDouble
    database_url: str
    folder: Path
    environ: dict[str, str]
    stack: AsyncExitStack
    one: Replica = field(init=False)
    other: Replica = field(init=False)

    async def start(self, **environ: str) -> Replica:
        """Start one more server."""
        program = await self._run(str(ROOT / "run_backend.py"), **environ)
        url = await program.said(LISTENS)
        http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)
        await self.stack.enter_async_context(http)
        body = {"username": "admin", "password": PASSWORD}
        answer = await http.post("/api/auth/login", json=body)
        http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        return Replica(program, http)

    async def start_worker(self) -> Program:
        """Start a worker apart."""
        program = await self._run("-m", "backend", "worker")
        await program.said(LOOKS)
        return program

    async def person(self, name: str) -> tuple[str, httpx.AsyncClient, httpx.AsyncClient]:
        """Make a user; give the id, and a client at each server."""
        body = {"username": name, "password": f"the password of {name}"}
        answer = await self.one.http.post("/api/users", json=body)
        assert answer.status_code == 201, answer.text
        here, there = [await side.of(name) for side in (self.one, self.other)]
        for client in (here, there):
            self.stack.push_async_callback(client.aclose)
        return answer.json()["id"], here, there

    async def _run(self, *arguments: str, **environ: str) -> Program:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=self.folder,
            env=clean_environment({**self.environ, **environ}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        program = Program(process)
        self.stack.push_async_callback(program.stop)
        return program


@asynccontextmanager
async def two_replicas(folder: Path, **environ: str) -> AsyncIterator[Replicas]:
    """Start, at the same moment, two servers that share database, secret and DATA_DIR."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(empty_postgres())
        url = stack.enter_context(postgres_copy(server))
        ollama = await stack.enter_async_context(OllamaDouble())
        data = folder / "data"
        data.mkdir(mode=0o700)
        given = {
            "DATA_DIR": str(data),
            "DATABASE_URL": url,
            "SECRET_KEY": "a secret that both of them know: 0123456789",
            "ADMIN_PASSWORD": PASSWORD,
            "SERVER_PORT": "0",
            "AUTH__BCRYPT_ROUNDS": "10",
            "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
            "DOCUMENTS__WORKER": "apart",
            "OLLAMA_HOST": ollama.url,
            "MODELS__RETRIES": "0",
            **environ,
        }
        made = Replicas(ollama=ollama, database_url=url, folder=folder, environ=given, stack=stack)
        made.one, made.other = await asyncio.gather(made.start(), made.start())
        yield made


def events(frames: str) -> list[tuple[str, str, Any]]:
    """Read server-sent events as id, name and data; comments are left out."""
    found: list[tuple[str, str, Any]] = []
    for frame in frames.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in frame.split("\n") if line and not line.startswith(":")
        )
        if "data" in fields:
            found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return found


async def read(answer: httpx.Response, *, until_chars: int | None = None) -> str:
    """Read a stream to its end, or until it has said so much."""
    whole = ""
    async for piece in answer.aiter_text():
        whole += piece
        said = "".join(it.get("text", "") for _, name, it in events(whole) if name == "content")
        if until_chars is not None and len(said) >= until_chars:
            break
    return whole


def text_of(found: list[tuple[str, str, Any]]) -> str:
    """Put together what was said."""
    return "".join(data["text"] for _, name, data in found if name == "content")


def streamed(mode: str, **more: Any) -> dict[str, Any]:
    """Write a request for a stream."""
    said = [{"role": "user", "content": "count"}]
    return {"model": f"{MODEL}@{mode}", "messages": said, "stream": True, **more}


async def begin(
    http: httpx.AsyncClient,
    *,
    mode: str = "chat",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> tuple[str, asyncio.Task[str]]:
    """Ask for a stream; give the run's id and the task that reads the answer."""
    body = streamed(mode, **more)
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answered() -> str:
        address = "/v1/chat/completions"
        async with http.stream("POST", address, json=body, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            started.set_result(answer.headers["x-run-id"])
            try:
                return "".join([piece async for piece in answer.aiter_text()])
            except httpx.HTTPError:
                return "broken"

    task = asyncio.create_task(answered())
    await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        await task
    return started.result(), task


async def until(ask: Any, wanted: Any, *, within_s: float = 120.0) -> Any:
    """Ask again and again until `wanted(answer)` holds; give the answer."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await ask()
            if wanted(answer):
                return answer
            await asyncio.sleep(0.1)  # noqa: TID251 - a harness; the other side is a process
