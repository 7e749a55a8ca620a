"""What a provider of models is that stands before another one: all but how it streams."""

from __future__ import annotations

from collections.abc import Sequence

from backend.ports.models import ModelInfo, ModelProvider
from backend.ports.values import Health
from backend.ports.vectors import VectorProvider, VectorRequest, Vectors, does_not_embed


class WrappedProvider:
    """Passes on what it does not change; who adds `stream` is a `ModelProvider` and a `VectorProvider`."""

    def __init__(self, provider: ModelProvider) -> None:
        self._provider = provider

    @property
    def name(self) -> str:
        """Name the provider."""
        return self._provider.name

    async def embed(self, request: VectorRequest) -> Vectors:
        """Embed texts, as `VectorProvider.embed` says."""
        if not isinstance(self._provider, VectorProvider):
            raise does_not_embed(request.model)
        return await self._provider.embed(request)

    async def models(self) -> Sequence[ModelInfo]:
        """List the models of the provider."""
        return await self._provider.models()

    async def describe(self, model: str) -> ModelInfo:
        """Describe a model of the provider."""
        return await self._provider.describe(model)

    async def health(self) -> Health:
        """Tell how the provider is."""
        return await self._provider.health()

    async def aclose(self) -> None:
        """Close the provider."""
        await self._provider.aclose()
