"""The real server on a real socket, in the test's own event loop, and doubles of what it talks to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import uvicorn
from fastapi import FastAPI
from openai import AsyncOpenAI

from backend.api.app import build_app
from backend.api.middleware import Edge
from backend.api.serving import ServingOptions, address_of, listen, uvicorn_config
from backend.bootstrap.composition import Composition
from backend.config.secrets_file import make_private_folder
from backend.config.settings import load_settings
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.open_meteo_double import OpenMeteoDouble
from tests.fakes.ready_database import lay_database
from tests.fakes.search_double import SearchDouble
from tests.fakes.wikipedia_double import WikipediaDouble

ADMIN = "admin"
PASSWORD = "correct horse battery"


@dataclass(slots=True)
class Doubles:
    """The outside world."""

    ollama: OllamaDouble = field(default_factory=OllamaDouble)
    weather: OpenMeteoDouble = field(default_factory=OpenMeteoDouble)
    wikipedia: WikipediaDouble = field(default_factory=WikipediaDouble)
    search: SearchDouble = field(default_factory=SearchDouble)

    def environ(self) -> dict[str, str]:
        """Give the settings that point a server at the doubles."""
        return {
            "OLLAMA_HOST": self.ollama.url,
            "TOOLS__WEATHER__GEOCODING_URL": self.weather.url,
            "TOOLS__WEATHER__FORECAST_URL": self.weather.url,
            "TOOLS__WEATHER__SITE_URL": self.weather.url,
            "TOOLS__WIKIPEDIA__BASE_URL": self.wikipedia.url,
            "TOOLS__WEB_SEARCH__DUCKDUCKGO_URL": f"{self.search.url}/html/",
        }


class Failures(logging.Handler):
    """Collects what the server logs with a trace-back; a double that breaks off does so on purpose."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        doubles = record.name == "aiohttp.server"
        if record.exc_info and not doubles:
            self.found.append(self.format(record))


@dataclass(slots=True)
class LiveServer:
    """A running server: where it is, its application, and clients for it."""

    url: str
    app: FastAPI
    edge: Edge
    token: str = ""

    def http(self, token: str | None = None, **options: Any) -> httpx.AsyncClient:
        """Make a plain HTTP client; without a token it is nobody."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=60, **options
        )

    def openai(self, token: str, **options: Any) -> AsyncOpenAI:
        """Make a stock OpenAI client that does not retry."""
        options = {"max_retries": 0, "timeout": 60, **options}
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=token, **options)

    @property
    def incoming(self) -> list[Path]:
        """List what lies in the folder of uploads that are still arriving."""
        folder: Path = self.app.state.services.options.incoming
        return sorted(one for one in folder.iterdir() if one.is_file()) if folder.exists() else []

    async def log_in(self, name: str = ADMIN, password: str = PASSWORD) -> str:
        """Log in and give the access token."""
        async with self.http() as http:
            body = {"username": name, "password": password}
            answer = await http.post("/api/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they stand and read until the server closes."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to the test runner."""
        yield


@contextlib.asynccontextmanager
async def live_server(folder: Path, **environ: str) -> AsyncGenerator[LiveServer]:
    """Compose the server from settings, as the command line does, and serve until the end."""
    given = {
        "DATA_DIR": str(folder / "data"),
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "ADMIN_PASSWORD": PASSWORD,
        "AUTH__BCRYPT_ROUNDS": "10",
        "MODELS__RETRIES": "0",
        "SERVER__KEEP_ALIVE_COMMENT_S": "1",
        "SERVER__FIRST_BYTE_WAIT_S": "1",
        **environ,
    }
    settings = load_settings(env_file=folder / "no.env", environ=given)
    if "DATABASE_URL" in given:
        make_private_folder(settings.data_dir)
    else:
        lay_database(settings.data_dir)
    listening = listen("127.0.0.1", 0)
    composition = Composition(settings, address=address_of(listening), demo=False)
    edge = build_app(composition.api_options, lifespan=composition.lifespan, page=None)
    options = ServingOptions(shutdown_grace_s=1, trusted_proxies=settings.server.trusted_proxies)
    server = _Quiet(uvicorn_config(edge, options))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    live = LiveServer(address_of(listening), inner_app(edge), cast("Edge", edge))
    try:
        while not server.started and not task.done():
            await asyncio.wait([task], timeout=0.02)
        assert server.started, "the server did not start"
        yield live
    finally:
        server.should_exit = True
        await task
        listening.close()


def inner_app(app: Any) -> FastAPI:
    """Unwrap the application from the layers around it."""
    while not isinstance(app, FastAPI):
        app = getattr(app, "_app", None) or app.app
    return app
