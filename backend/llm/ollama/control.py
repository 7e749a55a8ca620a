"""Ask Ollama about its models, through the `ollama` package.

Not for: chat streams, which cost four times as much through the package (`provider`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from backend.errors import StewardError, UpstreamGarbage, UpstreamTimeout
from backend.kit.waiting import within
from backend.llm.ollama.failures import failure_of, unreachable
from backend.ports.clock import Clock
from backend.ports.models import ModelInfo

if TYPE_CHECKING:
    import httpx
    import ollama

T = TypeVar("T")
NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)
DEFAULT_CONTEXT_TOKENS = 4096


class OllamaControl:
    """The control plane; the package is loaded on first use (137 ms and 17 MiB)."""

    def __init__(
        self, base_url: str, clock: Clock, *, timeout_s: float, max_context_tokens: int
    ) -> None:
        self._base_url = base_url
        self._clock = clock
        self._timeout_s = timeout_s
        self._max_context_tokens = max_context_tokens
        self._sdk: _Sdk | None = None
        self._opening = asyncio.Lock()

    async def show(self, model: str) -> ModelInfo:
        """Describe one model; raise ModelNotFound, or what its server's trouble stands for."""
        shown = await self._ask(lambda client: client.show(model), model=model)
        return ModelInfo(
            id=model,
            provider="ollama",
            owned_by=owner_of(model),
            created_s=int(shown.modified_at.timestamp()) if shown.modified_at else 0,
            context_tokens=self._window(shown),
            capabilities=capabilities_of(shown),
        )

    async def list(self) -> list[ModelInfo]:
        """List the models that were pulled, under their full names."""
        listed = await self._ask(lambda client: client.list())
        return [
            ModelInfo(
                id=model.model,
                provider="ollama",
                owned_by=owner_of(model.model),
                created_s=int(model.modified_at.timestamp()) if model.modified_at else 0,
                context_tokens=self._max_context_tokens,
            )
            for model in listed.models
            if model.model
        ]

    async def loaded(self) -> list[str]:
        """Name the models in memory."""
        running = await self._ask(lambda client: client.ps())
        return [model.model for model in running.models if model.model]

    async def aclose(self) -> None:
        """Close connections."""
        if self._sdk is not None:
            await self._sdk.client.close()

    def _window(self, shown: ollama.ShowResponse) -> int:
        known = [
            size
            for name, size in (shown.modelinfo or {}).items()
            if name.endswith(".context_length") and isinstance(size, int)
        ]
        if found := NUM_CTX.search(shown.parameters or ""):
            known.append(int(found[1]))
        return min(self._max_context_tokens, *(known or [DEFAULT_CONTEXT_TOKENS]))

    async def _ask(
        self, call: Callable[[ollama.AsyncClient], Coroutine[Any, Any, T]], *, model: str = ""
    ) -> T:
        sdk = await self._open()
        try:
            return await within(self._clock, self._timeout_s, call(sdk.client))
        except TimeoutError as exc:
            msg = f"Ollama did not answer within {self._timeout_s:g} s."
            raise UpstreamTimeout(msg) from exc
        except sdk.refusal as exc:
            raise self._refused(exc.error, model, exc.status_code) from exc
        except (sdk.transport_error, OSError) as exc:
            raise unreachable(self._base_url) from exc
        except ValueError as exc:
            raise self._garbage() from exc

    def _refused(self, text: str, model: str, status: int) -> StewardError:
        if "page not found" in text or text.lstrip().startswith("<"):
            return self._garbage()
        return failure_of(text, model=model, status=status)

    def _garbage(self) -> UpstreamGarbage:
        msg = f"The server at {self._base_url} does not answer as Ollama does."
        return UpstreamGarbage(msg)

    async def _open(self) -> _Sdk:
        async with self._opening:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(_load, self._base_url)
            return self._sdk


@dataclass(frozen=True, slots=True)
class _Sdk:
    client: ollama.AsyncClient
    refusal: type[ollama.ResponseError]
    transport_error: type[httpx.HTTPError]


def _load(base_url: str) -> _Sdk:
    import httpx  # noqa: PLC0415 - a heavy SDK inside its own adapter
    import ollama  # noqa: PLC0415 - a heavy SDK inside its own adapter

    client = ollama.AsyncClient(host=base_url, trust_env=False)
    return _Sdk(client, ollama.ResponseError, httpx.HTTPError)


def owner_of(model: str) -> str:
    """Give the namespace of a model's name; Ollama's own library has none in it."""
    parts = model.split("/")
    return parts[-2] if len(parts) > 1 else "library"


def capabilities_of(shown: ollama.ShowResponse) -> frozenset[str]:
    """Read the capabilities; servers before 0.6.4 tell of tools in the template only."""
    if shown.capabilities is not None:
        return frozenset(shown.capabilities)
    tools = {"tools"} if ".Tools" in (shown.template or "") else set[str]()
    return frozenset({"completion"} | tools)
