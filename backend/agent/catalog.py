"""Which models there are, and which provider runs one.

Not for: talking to them (`backend/llm`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from backend.errors import ModelNotFound, StewardError, Unavailable
from backend.ports.models import ModelInfo, ModelProvider

DEFAULT = "default"


class ModelCatalog:
    """The providers in order of preference; the first that knows a name runs it.

    `default_model` is what the name "default" means; None picks the first language model listed,
    and an extractive one only when there is no other.
    """

    def __init__(self, providers: Sequence[ModelProvider], *, default_model: str | None) -> None:
        self.providers = tuple(providers)
        self._default_model = default_model

    async def resolve(self, name: str) -> tuple[ModelProvider, ModelInfo]:
        """Find the provider and the description of a model.

        Raises:
            ModelNotFound: when every provider answered and none has it.
            Unavailable: when a provider that might have it could not be asked.
        """
        wanted = await self._default() if name == DEFAULT else name
        fault: StewardError | None = None
        for provider in self.providers:
            try:
                return provider, await provider.describe(wanted)
            except ModelNotFound as exc:
                fault = exc if fault is None or isinstance(fault, ModelNotFound) else fault
            except StewardError as exc:
                fault = exc
        if isinstance(fault, ModelNotFound) or fault is None:
            told = f"The model '{wanted}' does not exist."
            if fault and fault.message != ModelNotFound.__doc__:
                told = fault.message
            msg = f"{told} GET /v1/models lists what is there."
            raise ModelNotFound(msg, param="model") from fault
        raise fault

    async def models(self) -> list[ModelInfo]:
        """List every model of every provider that answers, without repeats."""
        found: dict[str, ModelInfo] = {}
        for infos in await asyncio.gather(*(self._list(one) for one in self.providers)):
            for info in infos:
                found.setdefault(info.id, info)
        return list(found.values())

    async def _list(self, provider: ModelProvider) -> Sequence[ModelInfo]:
        try:
            return await provider.models()
        except StewardError:
            return ()

    async def _default(self) -> str:
        if self._default_model:
            return self._default_model
        able = [info for info in await self.models() if info.can("completion")]
        if not able:
            raise Unavailable("No model is configured or reachable")
        return min(able, key=lambda info: info.can("extractive")).id

    async def aclose(self) -> None:
        """Close every provider."""
        for provider in self.providers:
            await provider.aclose()
