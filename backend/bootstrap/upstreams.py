"""Make the model providers: servers of each kind side by side, with queues before their models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from backend.config.settings import Settings
from backend.llm.builtin import BuiltinProvider
from backend.llm.ollama.provider import OllamaOptions, OllamaProvider, full_name
from backend.llm.openai_compatible.provider import (
    OpenAICompatibleOptions,
    OpenAICompatibleProvider,
)
from backend.llm.queued import QueuedModels, QueueOptions
from backend.llm.several import SeveralServers
from backend.ports.clock import Clock
from backend.ports.model_servers import ModelServer, QueueStanding, ServerStanding
from backend.ports.models import ModelProvider
from backend.ports.values import Health

UPSTREAM_KEY = "UPSTREAM_OPENAI_API_KEY"
SHARED_LIMITS = (
    "connect_timeout_s",
    "first_token_timeout_s",
    "idle_timeout_s",
    "max_concurrent",
    "max_context_tokens",
)
KeyOf = Callable[[str], str]


@dataclass(slots=True, kw_only=True)
class Upstreams:
    """The configured providers in order of preference, with what they are made of.

    Implements `ports.model_servers.ModelTraffic`.
    """

    providers: list[ModelProvider] = field(default_factory=list["ModelProvider"])
    several: list[SeveralServers] = field(default_factory=list[SeveralServers])
    queued: list[QueuedModels] = field(default_factory=list[QueuedModels])

    def servers(self) -> Sequence[ServerStanding]:
        """Tell how each of several servers is; one that is alone is seen in `/ready`."""
        return [one for group in self.several for one in group.servers()]

    def queues(self) -> Sequence[QueueStanding]:
        """Tell how each model's queue is."""
        return [one for queued in self.queued for one in queued.queues()]

    def checks(self) -> dict[str, Callable[[], Awaitable[Health]]]:
        """Name how to look at each provider, and at each server of one that has several."""
        found: dict[str, Callable[[], Awaitable[Health]]] = {}
        for one in self.providers:
            found[f"model:{one.name}"] = one.health
        for group in self.several:
            for address, health in group.health_of_each().items():
                found[f"model:{group.name}:{urlsplit(address).netloc}"] = health
        return found


def make_upstreams(settings: Settings, clock: Clock, *, key_of: KeyOf) -> Upstreams:
    """Make the built-in model and the configured servers; `key_of` gives the secret of a setting now."""
    made = Upstreams(providers=[BuiltinProvider(clock)])
    urls = settings.upstream_openai_base_url
    if urls:
        servers = [_openai(settings, url, clock, key_of, alone=len(urls) == 1) for url in urls]
        _add(made, servers, settings, clock)
    hosts = settings.ollama_host
    _add(
        made, [_ollama(settings, it, clock, alone=len(hosts) == 1) for it in hosts], settings, clock
    )
    return made


def given_key(settings: Settings) -> KeyOf:
    """Give keys as they were set, for those who need no others."""
    key = settings.upstream_openai_api_key
    value = key.get_secret_value() if key else ""
    return lambda name: value if name == UPSTREAM_KEY else ""


def _add(made: Upstreams, servers: Sequence[ModelServer], settings: Settings, clock: Clock) -> None:
    provider: ModelProvider = servers[0]
    if len(servers) > 1:
        several = SeveralServers(servers, clock, patience=settings.models.retries)
        made.several.append(several)
        provider = several
    options = _queue_options(settings, provider)
    if options.limited:
        provider = QueuedModels(provider, options, clock)
        made.queued.append(provider)
    made.providers.append(provider)


def _queue_options(settings: Settings, provider: ModelProvider) -> QueueOptions:
    models = settings.models
    return QueueOptions(
        places=models.concurrency,
        each=models.concurrency_of,
        max_waiting=models.queue_length,
        patience_s=models.queue_timeout_s,
        called=full_name if provider.name == "ollama" else str,
    )


def _ollama(settings: Settings, url: str, clock: Clock, *, alone: bool) -> ModelServer:
    keep_alive = settings.models.keep_alive
    options = OllamaOptions(base_url=url, keep_alive=keep_alive, **_limits(settings, alone=alone))
    return OllamaProvider(options, clock=clock)


def _openai(
    settings: Settings, url: str, clock: Clock, key_of: KeyOf, *, alone: bool
) -> ModelServer:
    options = OpenAICompatibleOptions(
        base_url=url, api_key=lambda: key_of(UPSTREAM_KEY), **_limits(settings, alone=alone)
    )
    return OpenAICompatibleProvider(options, clock=clock)


def _limits(settings: Settings, *, alone: bool) -> dict[str, Any]:
    """Give the bounds of one server; where there are others, they are tried before it is again."""
    models = settings.models
    return {
        **models.model_dump(include=set(SHARED_LIMITS)),
        "retries": models.retries if alone else 0,
    }
