"""The sides every conformance test of model providers runs on."""

from __future__ import annotations

import pytest

from backend.ports.models import ModelProvider
from tests.fakes.clock import WatchedClock
from tests.fakes.model_sides import Side
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.openai_double import OpenAIDouble


@pytest.fixture(params=["ollama", "openai_compatible"])
async def side(request):
    double = OllamaDouble() if request.param == "ollama" else OpenAIDouble()
    made: list[ModelProvider] = []
    async with double:
        yield Side(double, WatchedClock(), request.param, made)
        for provider in made:
            await provider.aclose()
