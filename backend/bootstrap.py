"""Turn settings into a running server; the only file that names concrete classes."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from backend import __version__, tools
from backend.agent.catalog import ModelCatalog
from backend.agent.context import TokenEstimate
from backend.agent.run import AgentOptions, AgentParts
from backend.agent.toolbox import Toolbox, ToolCard
from backend.agent.turn import Turns
from backend.api.app import build_app
from backend.api.deps import ApiOptions, AppServices
from backend.api.serving import ServingOptions, address_of, listen, run_app
from backend.auth.service import AuthOptions, AuthService
from backend.config.errors import SettingsError
from backend.config.secrets_file import FILE_NAME, make_private_folder, signing_key
from backend.config.settings import Settings
from backend.config.tool_options import check_tool_names, tool_options
from backend.errors import ToolUnavailable
from backend.kit.clocks import SystemClock
from backend.kit.discovery import modules_of
from backend.kit.folder_lock import FolderInUse, FolderLock
from backend.kit.http import HttpClient
from backend.llm.builtin import BuiltinProvider
from backend.llm.ollama.provider import OllamaOptions, OllamaProvider
from backend.llm.openai_compatible.provider import (
    OpenAICompatibleOptions,
    OpenAICompatibleProvider,
)
from backend.ports.findings import Finding
from backend.ports.models import ModelProvider
from backend.ports.tools import Services
from backend.ports.values import Health
from backend.storage.checkpoints import CheckpointFile
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.retention import prune_daily
from backend.storage.schema import UnusableSchema, prepare_database
from backend.storage.stores import Stores, memory_stores, open_stores

logger = logging.getLogger(__name__)
PAGE = Path(__file__).resolve().parent.parent / "frontend"
SHARED_LIMITS = (
    "connect_timeout_s",
    "first_token_timeout_s",
    "idle_timeout_s",
    "max_concurrent",
    "max_context_tokens",
    "retries",
)


def serve(settings: Settings, *, demo: bool = False) -> int:
    """Run the server until it is stopped; return the exit code."""
    _check_tools(settings)
    lock = None if demo else _hold(settings)
    if lock:
        _prepare(settings)
    try:
        listening = listen(settings.server_host, settings.server_port)
    except OSError as exc:
        msg = (
            f"SERVER_PORT: {settings.server_host} port {settings.server_port} cannot be bound"
            f" ({os.strerror(exc.errno or 0)}); stop what uses it or give another"
            f" ({settings.origin('SERVER_PORT')})"
        )
        raise SettingsError([msg]) from exc
    server = Composition(settings, address=address_of(listening), demo=demo)
    options = ServingOptions(
        shutdown_grace_s=settings.server.shutdown_grace_s,
        trusted_proxies=settings.server.trusted_proxies,
        access_log=settings.log.access,
    )
    app = build_app(server.api_options, lifespan=server.lifespan, page=PAGE)
    started = run_app(app, listening, options, on_stop=server.stop)
    if lock:
        lock.release()
    return 0 if started else 1


def _hold(settings: Settings) -> FolderLock:
    """Make the data folder and keep it for this server: two would end each other's runs."""
    folder, origin = settings.data_dir, settings.origin("DATA_DIR")
    try:
        if open_folder := make_private_folder(folder):
            logger.warning("%s", open_folder)
        return FolderLock(folder)
    except FolderInUse as exc:
        msg = f"{folder} is in use by {exc}; stop it, or give another DATA_DIR"
    except OSError as exc:
        msg = f"{folder} cannot be used ({exc.strerror}); give a folder you may write ({origin})"
    raise SettingsError([f"DATA_DIR: {msg}"])


def _prepare(settings: Settings) -> None:
    """Make the key, bring the database up to date before anything listens; a refusal is one line."""
    _ = signing_key(given=settings.secret_key, data_dir=settings.data_dir)
    try:
        asyncio.run(prepare_database(settings.database_url.get_secret_value()))
    except (UnusableDatabaseUrl, UnusableSchema) as exc:
        msg = f"DATABASE_URL: {exc} ({settings.origin('DATABASE_URL')})"
        raise SettingsError([msg]) from exc


def diagnose(settings: Settings) -> list[Finding]:
    """Look at what is configured, reachable and missing."""
    return asyncio.run(_diagnose(settings))


class Composition:
    """One server's services: made when the application starts, closed when it ends."""

    def __init__(self, settings: Settings, *, address: str, demo: bool) -> None:
        self.api_options = _api_options(settings, address=address)
        self._settings = settings
        self._address = address
        self._demo = demo
        self._turns: Turns | None = None
        self._stopping: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncGenerator[None]:
        """Open everything, hand it to the routes, and close it again in reverse order."""
        async with AsyncExitStack() as stack:
            app.state.services = await self._open(stack)
            stack.callback(asyncio.create_task(self._keep_alive()).cancel)
            # What lives as long as the server need not be looked at by every full collection: that
            # took 50 to 80 ms and was the 99th percentile of the first token.
            gc.collect()
            gc.freeze()
            logger.info("Steward listens on %s", self._address)
            yield
            if self._turns is not None:
                await self._turns.close(grace_s=1.0)

    def stop(self) -> None:
        """Refuse new turns and end streams before the server cuts them; called again, end them now."""
        if self._turns is None:
            return
        if self._stopping is not None:
            self._turns.interrupt_all()
            return
        self._turns.refuse()
        grace_s = max(0.0, self._settings.server.shutdown_grace_s - 1.0)
        loop = asyncio.get_running_loop()
        self._stopping = loop.call_later(grace_s, self._turns.interrupt_all)

    async def _open(self, stack: AsyncExitStack) -> AppServices:
        settings = self._settings
        clock = SystemClock()
        stores = await _open_stores(settings, demo=self._demo)
        stack.push_async_callback(stores.aclose)
        days = settings.storage.run_retention_days
        pruning = prune_daily(stores.runs, stores.audit, days=days, clock=clock)
        stack.callback(asyncio.create_task(pruning).cancel)
        await stores.runs.interrupt_running(clock.now_ms())
        accounts = _accounts(settings, stores, clock)
        stack.push_async_callback(accounts.aclose)
        await _first_admin(settings, accounts)
        http = HttpClient()
        stack.push_async_callback(http.aclose)
        providers = _providers(settings, clock)
        default = settings.models.default_model or settings.ollama_model
        catalog = ModelCatalog(providers, default_model=default)
        stack.push_async_callback(catalog.aclose)
        cards = _tool_cards(settings, Services(http=http, clock=clock))
        toolbox = Toolbox(
            cards,
            audit=stores.audit,
            clock=clock,
            timeout_s=settings.agent.tool_timeout_s,
            max_result_chars=settings.agent.tool_output_max_chars,
        )
        for card in cards:
            stack.push_async_callback(_close_tool, card)
        checkpoints = CheckpointFile(None if self._demo else settings.data_dir / "checkpoints.db")
        stack.push_async_callback(checkpoints.aclose)
        parts = AgentParts(
            toolbox=toolbox,
            estimate=TokenEstimate(),
            clock=clock,
            options=_agent_options(settings, address=self._address),
            checkpointer=checkpoints.saver,
        )
        self._turns = Turns(
            catalog=catalog, parts=parts, conversations=stores.conversations, runs=stores.runs
        )
        return AppServices(
            accounts=accounts,
            turns=self._turns,
            catalog=catalog,
            toolbox=toolbox,
            conversations=stores.conversations,
            runs=stores.runs,
            audit=stores.audit,
            clock=clock,
            options=self.api_options,
            checks={
                "database": stores.health,
                **{f"model:{one.name}": one.health for one in providers},
            },
        )

    async def _keep_alive(self) -> None:
        """Wake quiet streams now and then, so that they send a comment through idle proxies."""
        pause_s = self._settings.server.keep_alive_comment_s
        while True:
            await SystemClock().sleep(pause_s)
            for run in list(self._turns.active.values() if self._turns else ()):
                run.log.nudge()


def _api_options(settings: Settings, *, address: str) -> ApiOptions:
    public_url = settings.public_url or address
    return ApiOptions(
        first_byte_wait_s=settings.server.first_byte_wait_s,
        max_body_bytes=settings.server.request_body_max_bytes,
        incoming=settings.data_dir / "uploads" / ".incoming",
        max_file_bytes=settings.documents.max_file_bytes,
        upload_wait_s=settings.documents.upload_wait_s,
        cors_origins=settings.server.cors_origins,
        secure_cookies=public_url.startswith("https://"),
        version=__version__,
    )


def _agent_options(settings: Settings, *, address: str) -> AgentOptions:
    agent = settings.agent
    return AgentOptions(
        router=agent.router,
        router_model_below_confidence=agent.router_model_below_confidence,
        chat_tools_below_confidence=agent.chat_tools_below_confidence,
        react_max_iterations=agent.react_max_iterations,
        plan_max_rounds=agent.plan_max_rounds,
        plan_max_steps=agent.plan_max_steps,
        public_url=(settings.public_url or address).rstrip("/"),
    )


async def _open_stores(settings: Settings, *, demo: bool) -> Stores:
    if demo:
        logger.warning("Demo: everything is kept in memory and forgotten at the end")
        return memory_stores()
    return await open_stores(settings.database_url.get_secret_value())


def _accounts(settings: Settings, stores: Stores, clock: SystemClock) -> AuthService:
    kept = signing_key(given=settings.secret_key, data_dir=settings.data_dir)
    if kept.warning:
        logger.warning("%s", kept.warning)
    auth = settings.auth
    options = AuthOptions(
        secret=kept.key.get_secret_value(),
        access_token_ttl_s=auth.access_token_ttl_s,
        refresh_token_ttl_s=auth.refresh_token_ttl_s,
        bcrypt_rounds=auth.bcrypt_rounds,
        failures_per_account=auth.login_failures_per_account,
        failures_per_address=auth.login_failures_per_address,
        login_window_s=auth.login_window_s,
    )
    return AuthService(
        users=stores.users,
        keys=stores.keys,
        refresh_tokens=stores.refresh_tokens,
        attempts=stores.login_attempts,
        clock=clock,
        options=options,
    )


async def _first_admin(settings: Settings, accounts: AuthService) -> None:
    """Make the first administrator; a generated password is printed this once."""
    given = settings.admin_password
    password = await accounts.first_admin(
        settings.admin_username, given.get_secret_value() if given else None
    )
    if password is not None:
        sys.stdout.write(
            f"First administrator: {settings.admin_username}\n"
            f"Password (shown this once): {password}\n"
        )
        sys.stdout.flush()


def _providers(settings: Settings, clock: SystemClock) -> list[ModelProvider]:
    models = settings.models
    limits: dict[str, Any] = {name: getattr(models, name) for name in SHARED_LIMITS}
    url = settings.ollama_host
    ollama = OllamaOptions(base_url=url, keep_alive=models.keep_alive, **limits)
    providers: list[ModelProvider] = [OllamaProvider(ollama, clock=clock)]
    if settings.upstream_openai_base_url:
        key = settings.upstream_openai_api_key
        options = OpenAICompatibleOptions(
            base_url=settings.upstream_openai_base_url,
            api_key=key.get_secret_value() if key else "",
            **limits,
        )
        providers.insert(0, OpenAICompatibleProvider(options, clock=clock))
    return [BuiltinProvider(clock), *providers]


def _check_tools(settings: Settings) -> None:
    """Refuse wrong names and options of tools before anything is written."""
    modules = {module.NAME: module for module in modules_of(tools)}
    check_tool_names(settings, modules)
    for name, module in modules.items():
        _ = tool_options(settings, name, module.Options)


def _tool_cards(settings: Settings, services: Services) -> list[ToolCard]:
    return [_tool_card(module, settings, services) for module in modules_of(tools)]


def _tool_card(module: ModuleType, settings: Settings, services: Services) -> ToolCard:
    name: str = module.NAME
    options = tool_options(settings, name, module.Options)
    if name == "web_search" and settings.tavily_api_key is not None:
        options = options.model_copy(update={"tavily_api_key": settings.tavily_api_key})
    tool, unavailable = None, ""
    if name in settings.tools.disabled:
        unavailable = "switched off by TOOLS__DISABLED"
    else:
        try:
            tool = module.build(options, services)
        except ToolUnavailable as exc:
            unavailable = exc.message
            logger.warning("tool %s is off: %s", name, unavailable)
    return ToolCard(
        name=name,
        description=module.DESCRIPTION,
        args=module.Args,
        touches=module.TOUCHES,
        tool=tool,
        unavailable=unavailable,
    )


async def _close_tool(card: ToolCard) -> None:
    close = getattr(card.tool, "aclose", None)
    if close is not None:
        await close()


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        make_private_folder(folder)
        signing_key(given=settings.secret_key, data_dir=folder)
    except (OSError, SettingsError) as exc:
        fix = "give a DATA_DIR you may write"
        return Finding(name="data folder", state="fail", detail=str(exc), fix=fix)
    key = "key given" if settings.secret_key else f"key in {FILE_NAME}"
    return Finding(name="data folder", state="ok", detail=f"{folder}, {key}")


async def _diagnose(settings: Settings) -> list[Finding]:
    _check_tools(settings)
    findings = [_data_folder(settings)]
    if findings[0].state == "fail":
        return findings
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        try:
            stores = await _open_stores(settings, demo=False)
        except (UnusableDatabaseUrl, UnusableSchema) as exc:
            fix = "correct DATABASE_URL, or restore a backup"
            return [*findings, Finding(name="database", state="fail", detail=str(exc), fix=fix)]
        stack.push_async_callback(stores.aclose)
        findings.append(_finding("database", await stores.health(), severe=True))
        for provider in _providers(settings, clock):
            stack.push_async_callback(provider.aclose)
            health = await provider.health()
            findings.append(_finding(f"model:{provider.name}", health, severe=False))
        http = HttpClient()
        stack.push_async_callback(http.aclose)
        for card in _tool_cards(settings, Services(http=http, clock=clock)):
            off = Health(ok=card.tool is not None, detail=card.unavailable or "on")
            findings.append(_finding(f"tool:{card.name}", off, severe=False))
    return findings


def _finding(name: str, health: Health, *, severe: bool) -> Finding:
    return Finding(
        name=name,
        state="ok" if health.ok else "fail" if severe else "warn",
        detail=health.detail or ("answers" if health.ok else "does not answer"),
        fix=health.fix,
    )
