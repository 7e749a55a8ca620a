"""The sides every conformance test of model providers runs on, and the server that clients talk to."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from backend.ports.models import ModelProvider
from tests.fakes.clock import WatchedClock
from tests.fakes.live_server import Failures
from tests.fakes.model_sides import Side
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.openai_double import OpenAIDouble
from tests.fakes.threaded_server import Served, threaded_server


@pytest.fixture(params=["ollama", "openai_compatible"])
async def side(request):
    double = OllamaDouble() if request.param == "ollama" else OpenAIDouble()
    made: list[ModelProvider] = []
    async with double:
        yield Side(double, WatchedClock(), request.param, made)
        for provider in made:
            await provider.aclose()


@pytest.fixture(scope="session")
def whole_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve once for every client of this folder."""
    with threaded_server(tmp_path_factory.mktemp("server")) as served:
        yield served


@pytest.fixture
def served(whole_server: Served) -> Iterator[Served]:
    """Give the server with nothing left of the test before, and fail on what it logs with a trace-back."""
    watched = Failures()
    logging.getLogger().addHandler(watched)
    whole_server.ollama.reset()
    yield whole_server
    whole_server.ollama.reset()
    logging.getLogger().removeHandler(watched)
    assert watched.found == []


@pytest.fixture
def ollama(served: Served) -> OllamaDouble:
    """Give the Ollama double behind the server."""
    return served.ollama
