"""Run the server: hold the data folder, prepare the database, listen, serve."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

from backend.api.app import build_app
from backend.api.serving import ServingOptions, address_of, listen, run_app
from backend.bootstrap.composition import Composition
from backend.bootstrap.databases import make_ready, shared
from backend.bootstrap.documents import check_documents
from backend.bootstrap.parts import check_tools
from backend.bootstrap.sharing import check_key
from backend.config.errors import SettingsError
from backend.config.secrets_file import make_private_folder
from backend.config.settings import Settings
from backend.kit.folder_lock import FolderInUse, FolderLock

logger = logging.getLogger(__name__)
PAGE = Path(__file__).resolve().parents[2] / "frontend"


def serve(settings: Settings, *, demo: bool = False) -> int:
    """Run the server until it is stopped; return the exit code."""
    check_tools(settings)
    check_documents(settings)
    lock = None if demo else _hold(settings)
    if not demo:
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
        request_head_s=settings.server.request_head_s,
        unread_answer_s=settings.server.unread_answer_s,
        trusted_proxies=settings.server.trusted_proxies,
        access_log=settings.log.access,
    )
    app = build_app(server.api_options, lifespan=server.lifespan, page=PAGE)
    started = run_app(app, listening, options, on_stop=server.stop)
    if lock:
        lock.release()
    return 0 if started else 1


def _hold(settings: Settings) -> FolderLock | None:
    """Make the data folder and keep it for this server: two on SQLite would end each other's runs."""
    folder, origin = settings.data_dir, settings.origin("DATA_DIR")
    try:
        if open_folder := make_private_folder(folder):
            logger.warning("%s", open_folder)
        return None if shared(settings) else FolderLock(folder)
    except FolderInUse as exc:
        msg = f"{folder} is in use by {exc}; stop it, or give another DATA_DIR"
    except OSError as exc:
        msg = f"{folder} cannot be used ({exc.strerror}); give a folder you may write ({origin})"
    raise SettingsError([f"DATA_DIR: {msg}"])


def _prepare(settings: Settings) -> None:
    """Make the key, bring the database up to date before anything listens; a refusal is one line."""
    check_key(settings)
    asyncio.run(make_ready(settings))
