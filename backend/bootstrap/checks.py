"""Look at each dependency of a running server; `/ready` tells what was found, `doctor` shares it.

Anybody may read `/ready`: no names of databases, no paths, no keys.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from backend.agent.toolbox import Toolbox
from backend.bootstrap.documents import Ground, OpenLibrary
from backend.bootstrap.query_databases import database_report
from backend.config.groups import DocumentSettings
from backend.documents.ocr import tesseract
from backend.kit.waiting import DeadlineExceeded, within
from backend.ports.clock import Clock
from backend.ports.query import Databases
from backend.ports.sandbox import Sandbox, SandboxUnavailable
from backend.ports.tools import Examined, Services
from backend.ports.values import Health

Check = Callable[[], Awaitable[Health]]
SANDBOX_FIX = "Do what it names; `python_code` in docs/tools.md tells more."
PATIENCE_S = 0.05


def server_checks(
    ground: Ground,
    library: OpenLibrary,
    models: Mapping[str, Check],
    *,
    toolbox: Toolbox,
    services: Services,
) -> dict[str, Check]:
    """Name what a server depends on, each with how to look at it; none of them waits long."""

    async def ocr() -> Health:
        return ocr_health(ground.settings.documents)

    async def databases(opened: Databases) -> Health:
        return databases_health(opened)

    checks: dict[str, Check] = {
        "database": ground.stores.health,
        **models,
        "documents": library.shelf.target.health,
        "documents:worker": library.worker,
        "documents:ocr": ocr,
        "web_search": partial(tool_health, toolbox, "web_search"),
    }
    if services.sandbox is not None:
        checks["sandbox"] = partial(settled_sandbox, services.sandbox, ground.clock)
    if services.databases is not None:
        checks["databases"] = partial(databases, services.databases)
    return checks


def ocr_health(documents: DocumentSettings) -> Health:
    """Tell whether scans can be read."""
    program = tesseract()
    if not documents.ocr:
        return Health(ok=True, detail="off (DOCUMENTS__OCR)", state="off")
    if program is None:
        fix = "install tesseract, for example: `apt-get install tesseract-ocr`"
        return Health(ok=False, detail="scans cannot be read: tesseract is not installed", fix=fix)
    return Health(ok=True, detail=f"{Path(program).name}, languages {documents.ocr_languages}")


async def settled_sandbox(sandbox: Sandbox, clock: Clock) -> Health:
    """Tell how the sandbox is without waiting for its self-test."""
    try:
        return await within(clock, PATIENCE_S, sandbox_health(sandbox))
    except DeadlineExceeded:
        return Health(ok=True, detail="it tries itself", state="checking")


async def sandbox_health(sandbox: Sandbox) -> Health:
    """Tell which walls Python code runs in, and what is lost without them."""
    try:
        report = await sandbox.ready()
    except SandboxUnavailable as exc:
        return Health(ok=False, detail=f"Python code cannot be run: {exc}", fix=SANDBOX_FIX)
    if report.kind == "full" and report.packages:
        return Health(ok=True, detail=report.detail)
    return Health(ok=False, detail=report.detail, fix=SANDBOX_FIX, state="limited")


async def tool_health(toolbox: Toolbox, name: str) -> Health:
    """Tell whether a tool is on, and how what it asks does, if it knows."""
    card = next((one for one in toolbox.cards if one.name == name), None)
    if card is None or card.tool is None:
        return Health(ok=True, detail=card.unavailable if card else "", state="off")
    return await card.tool.health() if isinstance(card.tool, Examined) else Health(ok=True)


def databases_health(databases: Databases) -> Health:
    """Count the databases that answer, and say what is wrong with others."""
    found = database_report(databases)
    off = "; ".join(found["off"])
    fix = "`python -m backend doctor` says which, and why." if off else ""
    return Health(ok=not off, detail=off or f"{found['on']} answer", fix=fix)
