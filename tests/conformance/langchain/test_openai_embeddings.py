"""LangChain's own published suite of embeddings, through OpenAIEmbeddings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from langchain_core.embeddings import Embeddings
from langchain_openai import OpenAIEmbeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests

from tests.fakes.threaded_server import Served


class Suite(EmbeddingsIntegrationTests):
    """The suite on this server; the client sends texts as texts, as docs/limits.md tells."""

    name = "all-minilm"
    served: Served
    clients: dict[str, Any]

    @pytest_asyncio.fixture(autouse=True)
    async def on_this_server(self, served: Served) -> AsyncIterator[None]:
        """Use HTTP clients of one test's own: LangChain keeps its clients beyond their loop."""
        self.served = served
        async with httpx.AsyncClient() as waiting:
            with httpx.Client() as blocking:
                self.clients = {"http_client": blocking, "http_async_client": waiting}
                yield

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        base = {"base_url": self.served.base_url, "api_key": self.served.token, "max_retries": 0}
        return {"model": self.name, "check_embedding_ctx_length": False, **base, **self.clients}


class TestOllamasModel(Suite):
    """A model of the model server."""


class TestFewerDimensions(Suite):
    """A model that can be asked for fewer dimensions."""

    name = "nomic-embed-text"

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {**super().embedding_model_params, "dimensions": 128}

    def test_as_many_as_were_asked_for(self, model: Embeddings) -> None:
        """Through every layer."""
        assert len(model.embed_query("Hello")) == 128
