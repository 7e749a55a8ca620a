"""Wire the secrets that administrators enter: which there are, their keys, and who uses them anew."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from backend import tools
from backend.agent.toolbox import Toolbox
from backend.auth.credentials import Changed, CredentialBook, CredentialOptions, NoKeys
from backend.bootstrap.documents import Ground
from backend.bootstrap.parts import make_tool_card
from backend.bootstrap.upstreams import UPSTREAM_KEY
from backend.config.catalogue import describe
from backend.config.credential_keys import KeysUnusable, credential_keys, new_key, sealing
from backend.config.settings import Settings
from backend.kit.discovery import modules_of
from backend.ports.tools import Services

TAVILY_KEY = "TAVILY_API_KEY"


def credential_names(settings: Settings) -> Mapping[str, str]:
    """Name the secrets of providers and tools, with what the environment gives of them."""
    named = {
        UPSTREAM_KEY: settings.upstream_openai_api_key,
        TAVILY_KEY: settings.tavily_api_key,
    }
    given = {name: one.get_secret_value() if one else "" for name, one in named.items()}
    for module in modules_of(tools):
        options: dict[str, Any] = settings.tools.options.get(module.NAME, {})
        prefix = f"TOOLS__{module.NAME.upper()}__"
        for name, setting in describe(module.Options, prefix=prefix).items():
            if setting.secret:
                given[name] = str(options.get(name.removeprefix(prefix).lower(), ""))
    return given


async def open_credentials(ground: Ground, *, demo: bool = False) -> CredentialBook:
    """Open what is stored, and look again when a server tells of a change."""
    settings = ground.settings
    forgotten = [new_key()]

    def keys(*, make: bool) -> Sequence[str]:
        if demo:
            return forgotten
        try:
            return credential_keys(settings, make=make)
        except KeysUnusable as exc:
            raise NoKeys(str(exc)) from exc

    @contextmanager
    def held() -> Generator[None]:
        try:
            with sealing(settings):
                yield
        except KeysUnusable as exc:
            raise NoKeys(str(exc)) from exc

    options = CredentialOptions(given=credential_names(settings), keys=keys, held=held)
    book = CredentialBook(ground.stores.credentials, ground.signals, ground.clock, options)
    ground.stack.push_async_callback(book.aclose)
    ground.stack.callback(book.hear())
    await book.refresh()
    ground.stack.callback(asyncio.create_task(book.keep_watch()).cancel)
    return book


def tools_made_anew(
    settings: Settings, book: CredentialBook, toolbox: Toolbox, services: Services
) -> Changed:
    """Give what makes tools anew whose secrets have changed; calls under way keep the old one."""

    async def changed(names: frozenset[str]) -> None:
        now = with_credentials(settings, book)
        for name in sorted(_tools_of(names)):
            toolbox.put(make_tool_card(name, now, services))

    return changed


def _tools_of(names: frozenset[str]) -> set[str]:
    tools = {
        name.removeprefix("TOOLS__").partition("__")[0].lower()
        for name in names
        if name.startswith("TOOLS__")
    }
    return tools | ({"web_search"} if TAVILY_KEY in names else set())


def with_credentials(settings: Settings, book: CredentialBook) -> Settings:
    """Give the settings with the secrets as they are now."""
    options = {name: dict(given) for name, given in settings.tools.options.items()}
    for name in credential_names(settings):
        value = book.get(name)
        if name.startswith("TOOLS__") and value:
            tool, _, field = name.removeprefix("TOOLS__").lower().partition("__")
            options.setdefault(tool, {})[field] = value
    tavily = book.get(TAVILY_KEY)
    changes: dict[str, Any] = {
        "tools": settings.tools.model_copy(update={"options": options}),
        "tavily_api_key": SecretStr(tavily) if tavily else None,
    }
    return settings.model_copy(update=changes)
