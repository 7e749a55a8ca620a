"""Look at an installation: what is configured, reachable and missing; `doctor` prints it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from backend.bootstrap.parts import (
    check_tools,
    make_providers,
    make_tool_cards,
    open_all_stores,
)
from backend.config.errors import SettingsError
from backend.config.secrets_file import FILE_NAME, make_private_folder, signing_key
from backend.config.settings import Settings
from backend.kit.clocks import SystemClock
from backend.kit.http import HttpClient
from backend.ports.findings import Finding
from backend.ports.tools import Services
from backend.ports.values import Health
from backend.storage.database import UnusableDatabaseUrl
from backend.storage.schema import UnusableSchema


def diagnose(settings: Settings) -> list[Finding]:
    """Look at what is configured, reachable and missing."""
    return asyncio.run(_diagnose(settings))


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
    check_tools(settings)
    findings = [_data_folder(settings)]
    if findings[0].state == "fail":
        return findings
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        try:
            stores = await open_all_stores(settings, demo=False)
        except (UnusableDatabaseUrl, UnusableSchema) as exc:
            fix = "correct DATABASE_URL, or restore a backup"
            return [*findings, Finding(name="database", state="fail", detail=str(exc), fix=fix)]
        stack.push_async_callback(stores.aclose)
        findings.append(_finding("database", await stores.health(), severe=True))
        for provider in make_providers(settings, clock):
            stack.push_async_callback(provider.aclose)
            findings.append(
                _finding(f"model:{provider.name}", await provider.health(), severe=False)
            )
        http = HttpClient()
        stack.push_async_callback(http.aclose)
        for card in make_tool_cards(settings, Services(http=http, clock=clock)):
            off = Health(ok=card.tool is not None, detail=card.unavailable or "on")
            findings.append(_finding(f"tool:{card.name}", off, severe=False))
    return findings


def _finding(name: str, health: Health, *, severe: bool) -> Finding:
    bad = "fail" if severe else "warn"
    return Finding(
        name=name,
        state="ok" if health.ok else bad,
        detail=health.detail or ("answers" if health.ok else "does not answer"),
        fix=health.fix,
    )
