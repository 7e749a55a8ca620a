"""Turns settings into a running server; the only file that names concrete classes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from backend.api.serving import ServingOptions, address_of, listen, run_app
from backend.config.errors import SettingsError
from backend.config.secrets_file import FILE_NAME, make_private_folder, signing_key
from backend.config.settings import Settings
from backend.kit.http import FetchError, FetchLimits, HttpClient
from backend.ports.findings import Finding

logger = logging.getLogger(__name__)


def serve(settings: Settings, *, demo: bool = False) -> int:
    """Run the server until it is stopped; return the exit code."""
    open_folder = make_private_folder(settings.data_dir)
    kept = signing_key(given=settings.secret_key, data_dir=settings.data_dir)
    for warning in filter(None, (open_folder, kept.warning)):
        logger.warning("%s", warning)
    try:
        listening = listen(settings.server_host, settings.server_port)
    except OSError as exc:
        msg = (
            f"SERVER_PORT: {settings.server_host} port {settings.server_port} cannot be bound"
            f" ({os.strerror(exc.errno or 0)}); stop what uses it or give another"
            f" ({settings.origin('SERVER_PORT')})"
        )
        raise SettingsError([msg]) from exc
    logger.info("Steward listens on %s%s", address_of(listening), " (demo)" if demo else "")
    options = ServingOptions(
        shutdown_grace_s=settings.server.shutdown_grace_s,
        trusted_proxies=settings.server.trusted_proxies,
        access_log=settings.log.access,
    )
    return 0 if run_app(_make_app(), listening, options) else 1


def diagnose(settings: Settings) -> list[Finding]:
    """Look at what is configured, reachable and missing."""
    return [_data_folder(settings), *asyncio.run(_model_servers(settings))]


def _make_app() -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield

    app = FastAPI(title="Steward", lifespan=lifespan, docs_url=None, redoc_url=None)

    async def health() -> dict[str, str]:
        return {"status": "ok"}

    app.add_api_route("/health", health)
    return app


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        open_folder = make_private_folder(folder)
        signing_key(given=settings.secret_key, data_dir=folder)
    except (OSError, SettingsError) as exc:
        return Finding(
            name="data folder", state="fail", detail=str(exc), fix="give a DATA_DIR you may write"
        )
    if open_folder:
        return Finding(
            name="data folder", state="warn", detail=open_folder, fix=f"chmod 700 {folder}"
        )
    key = "key given" if settings.secret_key else f"key in {FILE_NAME}"
    return Finding(name="data folder", state="ok", detail=f"{folder}, {key}")


async def _model_servers(settings: Settings) -> list[Finding]:
    client = HttpClient()
    try:
        found = [
            await _reach(
                client,
                "Ollama",
                f"{settings.ollama_host}/api/version",
                fix="start Ollama, or give OLLAMA_HOST",
            )
        ]
        if settings.upstream_openai_base_url:
            found.append(
                await _reach(
                    client,
                    "OpenAI-compatible server",
                    f"{settings.upstream_openai_base_url}/models",
                    fix="start it, or correct UPSTREAM_OPENAI_BASE_URL",
                )
            )
        return found
    finally:
        await client.aclose()


async def _reach(client: HttpClient, name: str, url: str, *, fix: str) -> Finding:
    try:
        reply = await client.request("GET", url, limits=FetchLimits(timeout_s=3))
    except FetchError as exc:
        return Finding(name=name, state="warn", detail=f"{url}: {exc}", fix=fix)
    return Finding(name=name, state="ok", detail=f"{url} answers {reply.status}")
