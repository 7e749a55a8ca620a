"""Stock clients of openai-python that validate strictly what they get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from openai import AsyncOpenAI, OpenAI

from tests.fakes.sdk_chat import Chat
from tests.fakes.sdk_responses import WAYS, Respond
from tests.fakes.threaded_server import Served


@pytest.fixture
def client(served: Served) -> Iterator[OpenAI]:
    """Speak through the client that blocks."""
    options = {"max_retries": 0, "timeout": 20, "_strict_response_validation": True}
    with OpenAI(base_url=served.base_url, api_key=served.token, **options) as made:
        yield made


@pytest.fixture
def lenient(served: Served) -> Iterator[OpenAI]:
    """Speak as the client comes: its own types are too narrow for some of what OpenAI answers."""
    with OpenAI(base_url=served.base_url, api_key=served.token, max_retries=0) as made:
        yield made


@pytest_asyncio.fixture
async def aclient(served: Served) -> AsyncIterator[AsyncOpenAI]:
    """Speak through the asynchronous client."""
    options = {"max_retries": 0, "timeout": 20, "_strict_response_validation": True}
    async with AsyncOpenAI(base_url=served.base_url, api_key=served.token, **options) as made:
        yield made


@pytest.fixture(params=["plain", "streamed", "helper"])
def chat(request: pytest.FixtureRequest, client: OpenAI) -> Chat:
    """Ask for completions in each of the three ways that the client has."""
    return Chat(client, request.param)


@pytest.fixture(params=WAYS)
def respond(request: pytest.FixtureRequest, client: OpenAI) -> Respond:
    """Ask for responses in each of the three ways that the client has."""
    return Respond(client, request.param)
