"""The real server and its doubles on a loop of their own in a thread, for clients that block."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import OllamaDouble

START_S = 90


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs beside the test, with the administrator's token."""

    live: LiveServer
    doubles: Doubles

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.live.url

    @property
    def base_url(self) -> str:
        """What OpenAI's clients are given."""
        return f"{self.live.url}/v1"

    @property
    def token(self) -> str:
        """What they are given as their key."""
        return self.live.token

    @property
    def ollama(self) -> OllamaDouble:
        """The model server behind it; scripts may be queued from any thread."""
        return self.doubles.ollama

    def http(self, token: str | None = None) -> httpx.Client:
        """Make a plain HTTP client that blocks; an empty token is nobody's."""
        token = self.token if token is None else token
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60)


@contextlib.contextmanager
def threaded_server(folder: Path, **environ: str) -> Generator[Served]:
    """Serve in a thread until the block ends; what fails at the start fails here."""
    ready: Future[tuple[Served, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        doubles, stop = Doubles(), asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            for one in (doubles.ollama, doubles.weather, doubles.wikipedia, doubles.search):
                await stack.enter_async_context(one)
            given = {**doubles.environ(), **environ}
            live = await stack.enter_async_context(live_server(folder, **given))
            live.token = await live.log_in()
            ready.set_result((Served(live, doubles), asyncio.get_running_loop(), stop))
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="server under test")
    thread.start()
    served, loop, stop = ready.result(timeout=START_S)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
