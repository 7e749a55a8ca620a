"""Look at an installation: what is configured, reachable and missing; `doctor` prints it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.agent.toolbox import Toolbox, ToolboxParts
from backend.bootstrap.checks import ocr_health, sandbox_health
from backend.bootstrap.credentials import open_credentials
from backend.bootstrap.databases import make_ready, open_all_stores
from backend.bootstrap.documents import (
    Ground,
    OpenLibrary,
    check_documents,
    document_folders,
    make_library,
)
from backend.bootstrap.parts import (
    check_tools,
    close_tool,
    make_tool_cards,
    settle_tools,
)
from backend.bootstrap.sharing import check_key
from backend.bootstrap.tooling import open_tooling
from backend.bootstrap.upkeep import look_at_ground, look_at_rows, look_for_orphans
from backend.bootstrap.upstreams import make_upstreams
from backend.config.errors import SettingsError
from backend.config.secrets_file import FILE_NAME, make_private_folder
from backend.config.settings import Settings
from backend.documents.news import DocumentNews
from backend.kit.clocks import SystemClock
from backend.kit.http import HttpClient
from backend.ports.findings import Finding
from backend.ports.tools import Services
from backend.ports.values import Health
from backend.storage.revisions import NoInstallation
from backend.storage.stores import Stores, memory_stores


def diagnose(settings: Settings, *, mend: bool = False) -> list[Finding]:
    """Look at what is configured, reachable and missing; with `mend`, do what is safe about it."""
    check_tools(settings)
    check_documents(settings)
    return asyncio.run(_diagnose(settings, mend=mend))


async def _kept(
    settings: Settings, stack: AsyncExitStack, *, mend: bool
) -> tuple[list[Finding], Stores | None]:
    """Look at what is kept, and give its stores; None when nothing else can be looked at then.

    Raises:
        NoInstallation: where nothing was ever kept; nothing is made there.
    """
    if not settings.data_dir.is_dir():
        msg = f"there is no folder {settings.data_dir} ({settings.origin('DATA_DIR')})"
        raise NoInstallation(msg)
    unusable: list[Finding] = []
    try:
        await make_ready(settings, make=False)
    except SettingsError as exc:
        fix = "correct DATABASE_URL, or restore a backup"
        unusable = [Finding(name="database", state="fail", detail=str(exc), fix=fix)]
    findings = [_data_folder(settings)]
    if findings[0].state == "fail":
        return findings, None
    findings += look_at_ground(settings, mend=mend)
    if unusable:
        return [*findings, *unusable], None
    stores = await open_all_stores(settings, demo=False)
    stack.push_async_callback(stores.aclose)
    findings.append(_finding("database", await stores.health(), severe=True))
    findings.append(await asyncio.to_thread(look_at_rows, settings))
    findings += await look_for_orphans(settings, stores, mend=mend)
    return findings, stores


def _absent(reason: NoInstallation) -> Finding:
    fix = "correct DATA_DIR or DATABASE_URL; where they are right, start the server, which makes it"
    return Finding(name="installation", state="fail", detail=str(reason), fix=fix)


def _elsewhere(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Give the same settings with a folder that goes at the end."""
    folder = stack.enter_context(TemporaryDirectory())
    return settings.model_copy(update={"data_dir": Path(folder)})


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        make_private_folder(folder)
        check_key(settings)
    except (OSError, SettingsError) as exc:
        fix = "give a DATA_DIR you may write"
        return Finding(name="data folder", state="fail", detail=str(exc), fix=fix)
    key = "key given" if settings.secret_key else f"key in {FILE_NAME}"
    return Finding(name="data folder", state="ok", detail=f"{folder}, {key}")


async def _diagnose(settings: Settings, *, mend: bool) -> list[Finding]:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        try:
            findings, stores = await _kept(settings, stack, mend=mend)
        except NoInstallation as exc:
            findings, stores = [_absent(exc)], memory_stores()
            settings = _elsewhere(settings, stack)
        if stores is None:
            return findings
        findings += await _models(settings, stores, stack)
        http = HttpClient()
        stack.push_async_callback(http.aclose)
        folders = document_folders(settings)
        ground = Ground(settings=settings, stores=stores, clock=clock, stack=stack, folders=folders)
        library = make_library(ground, news=DocumentNews(clock), wake=_nobody, forget=stores.forget)
        findings += await _documents(settings, library)
        services = open_tooling(ground, http=http, documents=library.documents)
        findings += await _services(services)
        toolbox = Toolbox(
            make_tool_cards(settings, services), ToolboxParts(audit=stores.audit, clock=clock)
        )
        for card in toolbox.cards:
            stack.push_async_callback(close_tool, card)
        await settle_tools(toolbox)
        for card in toolbox.cards:
            off = Health(ok=card.tool is not None, detail=card.unavailable or "on")
            findings.append(_finding(f"tool:{card.name}", off, severe=False))
    return findings


async def _models(settings: Settings, stores: Stores, stack: AsyncExitStack) -> list[Finding]:
    """Look at the credentials, at the model servers with them, and at each of several."""
    folders = document_folders(settings)
    clock = SystemClock()
    ground = Ground(settings=settings, stores=stores, clock=clock, stack=stack, folders=folders)
    book = await open_credentials(ground)
    upstreams = make_upstreams(settings, clock, key_of=book.get)
    for provider in upstreams.providers:
        stack.push_async_callback(provider.aclose)
    checks = {"credentials": book.health, **upstreams.checks()}
    return [_finding(name, await look(), severe=False) for name, look in checks.items()]


async def _documents(settings: Settings, library: OpenLibrary) -> list[Finding]:
    """Look at what reads and embeds documents."""
    embedder = _finding("documents:embedder", await library.shelf.target.health(), severe=False)
    ocr = _finding("documents:ocr", ocr_health(settings.documents), severe=False)
    return [embedder, ocr]


async def _services(services: Services) -> list[Finding]:
    """Try the walls that Python code runs in, and the databases that may be queried."""
    found: list[Finding] = []
    if services.sandbox is not None:
        found.append(_finding("sandbox", await sandbox_health(services.sandbox), severe=False))
    if services.databases is not None:
        for name, state in (await services.databases.look()).items():
            found.append(_finding(f"database:{name}", state, severe=False))
    return found


def _nobody() -> None:
    """Wake no worker: this is only a look."""


def _finding(name: str, health: Health, *, severe: bool) -> Finding:
    bad = "fail" if severe else "warn"
    return Finding(
        name=name,
        state="ok" if health.ok else bad,
        detail=health.detail or ("answers" if health.ok else "does not answer"),
        fix=health.fix,
    )
