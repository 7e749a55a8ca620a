"""LangChain's own published suites through ChatOpenAI; the model behind the server is a capable double.

Off by their own switches: recorded cassettes, and what ChatOpenAI itself cannot send.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests, chat_models
from langchain_tests.unit_tests import ChatModelUnitTests

from tests.fakes.capable_model import capable
from tests.fakes.downloads import Downloads
from tests.fakes.ollama_double import FakeModel
from tests.fakes.threaded_server import Served

# The suite sends pictures and sounds to the model that calls its tools.
SEEING = "seeing:latest"
# The client warns when it dumps its own parsed models, replaces a method that we chose, or names a file; the
# suite when it downloads, which it does not.
QUIET = [
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
    pytest.mark.filterwarnings("ignore:Received a Pydantic BaseModel V1 schema"),
    pytest.mark.filterwarnings("ignore:OpenAI may require a filename"),
    pytest.mark.filterwarnings("ignore:LANGCHAIN_TESTS_USER_AGENT"),
]


class Suite(ChatModelIntegrationTests):
    """The suite on this server; subclasses say what differs."""

    pytestmark = QUIET
    method = "json_schema"
    served: Served
    clients: dict[str, Any]

    @pytest_asyncio.fixture(autouse=True)
    async def on_this_server(
        self, served: Served, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[None]:
        """Use HTTP clients of one test's own: LangChain keeps its clients beyond their loop."""
        monkeypatch.setattr(
            chat_models, "httpx", Downloads()
        )  # it fetches pictures, a PDF and a sound from the internet
        served.ollama.script(capable)
        served.ollama.catalogue.models[SEEING] = FakeModel(
            capabilities=("completion", "tools", "vision", "audio")
        )
        self.served = served
        async with httpx.AsyncClient() as waiting:
            with httpx.Client() as blocking:
                self.clients = {"http_client": blocking, "http_async_client": waiting}
                yield
        del served.ollama.catalogue.models[SEEING]

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        base = {"base_url": self.served.base_url, "api_key": self.served.token, "max_retries": 0}
        return {"model": SEEING, "stream_usage": True, **base, **self.clients}

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": self.method}

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "qwen3:8b"


class TestChatCompletions(Suite):
    """As ChatOpenAI comes."""


class TestStructuredOutputAsTools(Suite):
    """Structured output by a named tool, as older chains ask for it."""

    method = "function_calling"


class TestResponses(Suite):
    """The same over /v1/responses, which takes no sound."""

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "use_responses_api": True}

    @property
    def supports_audio_inputs(self) -> bool:
        return False

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True


class TestUnits(ChatModelUnitTests):
    """The suite that needs no answers."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": "llama3.2",
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "a key that stays here",
        }

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        given = {
            "OPENAI_API_KEY": "a key that stays here",
            "OPENAI_API_BASE": "http://127.0.0.1:9/v1",
        }
        expected = {
            "openai_api_key": given["OPENAI_API_KEY"],
            "openai_api_base": given["OPENAI_API_BASE"],
        }
        return given, {"model": "llama3.2"}, expected
