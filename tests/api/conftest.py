"""One real server for every test of this folder, on a socket, with doubles as its outside world."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from tests.fakes.live_server import Doubles, Failures, LiveServer, live_server
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.people import Person, someone

SESSION = "session"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder on the loop that the server lives on."""
    here = str(__file__).rpartition("/")[0]
    for item in items:
        if pytest_asyncio.is_async_test(item) and str(item.path).startswith(here):
            item.add_marker(pytest.mark.asyncio(loop_scope=SESSION), append=False)


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def doubles() -> AsyncIterator[Doubles]:
    """Serve the doubles of Ollama and of the tools' services."""
    made = Doubles()
    async with contextlib.AsyncExitStack() as stack:
        for one in (made.ollama, made.weather, made.wikipedia, made.search):
            await stack.enter_async_context(one)
        yield made


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def server(
    doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve, and log the administrator in once."""
    folder = tmp_path_factory.mktemp("server")
    more = {"AUTH__LOGIN_FAILURES_PER_ADDRESS": "1000", "SERVER__TRUSTED_PROXIES": "127.0.0.1"}
    async with live_server(folder, **doubles.environ(), **more) as live:
        live.token = await live.log_in()
        yield live


@pytest.fixture
def ollama(doubles: Doubles) -> Iterator[OllamaDouble]:
    """Give the Ollama double, with nothing left of the test before."""
    doubles.ollama.reset()
    yield doubles.ollama
    doubles.ollama.reset()


@pytest.fixture(autouse=True)
def no_trace_backs() -> Iterator[Failures]:
    """Fail a test whose requests left a trace-back in the server's log."""
    watched = Failures()
    logging.getLogger().addHandler(watched)
    yield watched
    logging.getLogger().removeHandler(watched)
    assert watched.found == []


@pytest_asyncio.fixture(loop_scope=SESSION)
async def http(server: LiveServer) -> AsyncIterator[httpx.AsyncClient]:
    """Speak plain HTTP as the administrator."""
    async with server.http(server.token) as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def anyone(server: LiveServer) -> AsyncIterator[httpx.AsyncClient]:
    """Speak plain HTTP as nobody."""
    async with server.http() as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def client(server: LiveServer) -> AsyncIterator[AsyncOpenAI]:
    """Speak through a stock OpenAI client that validates what it gets."""
    async with server.openai(server.token, _strict_response_validation=True) as made:
        yield made


@pytest_asyncio.fixture(loop_scope=SESSION)
async def streaming(server: LiveServer) -> AsyncIterator[AsyncOpenAI]:
    """Speak through a stock OpenAI client."""
    async with server.openai(server.token) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def person(server: LiveServer, http: httpx.AsyncClient) -> Person:
    """Make an ordinary user."""
    return await someone(server, http)


@pytest_asyncio.fixture(loop_scope=SESSION)
async def mine(server: LiveServer, person: Person) -> AsyncIterator[httpx.AsyncClient]:
    """Speak plain HTTP as somebody who keeps no files yet."""
    async with server.http(person.token) as client:
        yield client
