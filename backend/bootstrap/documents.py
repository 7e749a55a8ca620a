"""Wire documents: the library of the server, and what its worker process works with."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.config.errors import SettingsError
from backend.config.process import inherited_environment
from backend.config.settings import Settings
from backend.documents.drawing import PageDrawer
from backend.documents.embedding.choice import (
    EmbedderNotConfigured,
    EmbeddingOptions,
    embedder_for_space,
    make_embedder,
    prepare,
    space_id_of,
)
from backend.documents.embedding.named import NamedMiniLm
from backend.documents.embedding.shelf import EmbedderShelf
from backend.documents.extracted import ReadLimits
from backend.documents.folders import INCOMING, UploadFolder
from backend.documents.index.user_index import UserIndexes
from backend.documents.ingest import Ingest, IngestParts
from backend.documents.library import Library, LibraryParts
from backend.documents.news import DocumentNews
from backend.documents.ocr import tesseract
from backend.documents.reading import PooledReader, ReadingOptions
from backend.documents.reranking import RerankedSearch, Search
from backend.documents.search import Searcher, SearchStores
from backend.documents.work_loop import WorkLoop
from backend.jobs.supervisor import WorkerSupervisor
from backend.kit.clocks import SystemClock
from backend.kit.ids import new_id
from backend.kit.incoming import clear_incoming
from backend.ports.clock import Clock
from backend.ports.document_stores import FileLimits
from backend.ports.embedding import EmbeddingFailed
from backend.ports.signals import Signals
from backend.ports.values import Health, JsonObject
from backend.storage.database import kind_of
from backend.storage.memory.signals import LocalSignals
from backend.storage.stores import Stores

logger = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
# An upload in parts is given up after an hour; what is older was left by a crash.
ARRIVES_WITHIN_S = 7_200.0
# Secrets that reading documents has no use for; a hostile file would be near them.
_NOT_FOR_WORKERS = frozenset({"SECRET_KEY", "ADMIN_PASSWORD", "TAVILY_API_KEY", "QUERY__DATABASES"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFolders:
    """Where everything of documents, and what tools made, lies on the disk."""

    uploads: Path
    indexes: Path
    models: Path
    artifacts: Path
    queries: Path

    @property
    def incoming(self) -> Path:
        """Where bytes arrive before they are a file."""
        return self.uploads / INCOMING


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a server's parts are made on; what is made closes with `stack`.

    `server_id` names this process, among others on the same database, until it ends.
    """

    settings: Settings
    stores: Stores
    clock: Clock
    stack: AsyncExitStack
    folders: DocumentFolders
    signals: Signals = field(default_factory=LocalSignals)
    server_id: str = field(default_factory=lambda: new_id("srv"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLibrary:
    """The library with what it works on; `worker` tells how what reads documents is."""

    documents: Library
    indexes: UserIndexes
    shelf: EmbedderShelf
    worker: Callable[[], Awaitable[Health]]


@dataclass(slots=True)
class Bell:
    """Wakes the worker, once there is one."""

    answer: Callable[[], None] | None = None

    def ring(self) -> None:
        """Wake it."""
        if self.answer is not None:
            self.answer()


def check_documents(settings: Settings) -> None:
    """Refuse an embedder that lacks what it needs, before anything is opened.

    Raises:
        SettingsError: naming the setting.
    """
    options = _embedding_options(settings, document_folders(settings), threads=1)
    try:
        _ = make_embedder(options, clock=SystemClock())
    except EmbedderNotConfigured as exc:
        raise SettingsError([str(exc)]) from exc


def document_folders(settings: Settings, *, root: Path | None = None) -> DocumentFolders:
    """Say where they lie, whatever folder a child process runs in; `root` replaces the data folder."""
    data = (root or settings.data_dir).absolute()
    models = settings.documents.model_dir or settings.data_dir / "models"
    return DocumentFolders(
        uploads=data / "uploads",
        indexes=data / "indexes",
        models=models.absolute(),
        artifacts=data / "artifacts",
        queries=data / "queries",
    )


async def open_library(
    ground: Ground, *, forget: Callable[[], Awaitable[None]], demo: bool
) -> OpenLibrary:
    """Open the library of the server, tidy up after a crash, and have waiting work done.

    A demonstration works in this process, everything else in a worker process.
    """
    news = DocumentNews(ground.clock)
    bell = Bell()
    found = make_library(ground, news=news, wake=bell.ring, forget=forget)
    await _tidy(ground)
    await found.indexes.sweep()
    preparing = asyncio.create_task(_prepare(ground), name="prepare the embedded model")
    ground.stack.callback(preparing.cancel)
    if demo:
        ingest = make_ingest(ground, tell=news.changed)
        loop = WorkLoop(ingest, ground.stores.jobs, clock=ground.clock)
        ground.stack.callback(asyncio.create_task(loop.run(idle_s=None)).cancel)
        bell.answer = loop.wake
        return found
    supervisor = await _supervised(ground, news=news, found=found)
    bell.answer = supervisor.wake
    return replace(found, worker=supervisor.health)


async def _in_this_process() -> Health:
    return Health(ok=True, detail="Documents are read in this process.")


def make_library(
    ground: Ground,
    *,
    news: DocumentNews,
    wake: Callable[[], None],
    forget: Callable[[], Awaitable[None]],
) -> OpenLibrary:
    """Make the library over stores and folders; nothing is read or started yet."""
    documents, stores, stack = ground.settings.documents, ground.stores, ground.stack
    folders = ground.folders
    shelf = _shelf(ground, threads=1)
    stack.push_async_callback(shelf.aclose)
    indexes = UserIndexes(
        folders.indexes, stores.documents, memory_bytes=documents.index_memory_bytes
    )
    stack.push_async_callback(indexes.aclose)
    searcher: Search = Searcher(
        SearchStores(documents=stores.documents, files=stores.files, spaces=stores.spaces),
        indexes,
        shelf,
        passage_chars=documents.passage_chars,
    )
    if documents.reranker:
        searcher = reranked = RerankedSearch(searcher, documents.reranker)
        stack.push_async_callback(reranked.aclose)
    library = Library(
        LibraryParts(
            files=stores.files,
            documents=stores.documents,
            jobs=stores.jobs,
            folder=UploadFolder(folders.uploads),
            indexes=indexes,
            searcher=searcher,
            news=news,
            wake=wake,
            forget=forget,
            clock=ground.clock,
            ocr=documents.ocr and tesseract() is not None,
            limits=FileLimits(
                files=documents.max_files_per_user,
                bytes=documents.max_bytes_per_user,
                waiting=documents.max_waiting_per_user,
            ),
        )
    )
    return OpenLibrary(documents=library, indexes=indexes, shelf=shelf, worker=_in_this_process)


def open_page_images(ground: Ground, library: OpenLibrary) -> PageDrawer:
    """Make what shows pages; its child processes start with the first one."""
    memory_bytes = ground.settings.documents.read_memory_bytes
    drawer = PageDrawer(library.documents, clock=ground.clock, memory_bytes=memory_bytes)
    ground.stack.push_async_callback(drawer.aclose)
    return drawer


def embedded_model(ground: Ground, library: OpenLibrary) -> NamedMiniLm:
    """Make the embedded model that callers may ask for; what searches use is loaded once for both."""
    space = f"minilm-{ground.settings.documents.embedding_precision}"
    return NamedMiniLm(lambda: library.shelf.of(space), ground.clock)


def make_ingest(ground: Ground, *, tell: Callable[[str], None]) -> Ingest:
    """Make what carries out jobs."""
    documents, stores, clock = ground.settings.documents, ground.stores, ground.clock
    reader = PooledReader(
        ReadingOptions(
            limits=ReadLimits(
                max_pages=documents.max_pages,
                max_chars=documents.max_chars,
                max_unpacked_bytes=documents.max_unpacked_bytes,
            ),
            timeout_s=documents.read_timeout_s,
            memory_bytes=documents.read_memory_bytes,
            chunk_chars=documents.chunk_chars,
            tesseract=tesseract() if documents.ocr else None,
            ocr_languages=documents.ocr_languages,
            ocr_page_timeout_s=documents.ocr_page_timeout_s,
        ),
        clock=clock,
    )
    ground.stack.push_async_callback(reader.aclose)
    shelf = _shelf(ground, threads=documents.worker_threads)
    ground.stack.push_async_callback(shelf.aclose)
    return Ingest(
        IngestParts(
            files=stores.files,
            documents=stores.documents,
            jobs=stores.jobs,
            spaces=stores.spaces,
            folder=UploadFolder(ground.folders.uploads),
            reader=reader,
            embedders=shelf,
            clock=clock,
            tell=tell,
        )
    )


async def _prepare(ground: Ground) -> None:
    """Build the embedded model at the first start, so that the first upload does not wait for it."""
    options = _embedding_options(ground.settings, ground.folders, threads=1)
    try:
        await prepare(options, clock=ground.clock)
    except EmbeddingFailed as exc:
        logger.warning("documents cannot be embedded: %s", exc)


async def _tidy(ground: Ground) -> None:
    """Give back what a dead worker had claimed, and remove bytes that no row names."""
    stores, folders = ground.stores, ground.folders
    shared = kind_of(ground.settings.database_url.get_secret_value()) == "postgresql"
    spared_s = ARRIVES_WITHIN_S if shared else 0.0
    await asyncio.to_thread(clear_incoming, folders.incoming, older_than_s=spared_s)
    released = await stores.jobs.release_all()
    if released:
        logger.info("interrupted uploads that go on: %d", released)
    uploads = UploadFolder(folders.uploads)
    removed = await asyncio.to_thread(uploads.sweep, await stores.files.ids())
    if removed:
        logger.info("files removed that a crash had left behind: %d", removed)


async def _supervised(
    ground: Ground, *, news: DocumentNews, found: OpenLibrary
) -> WorkerSupervisor:
    stores = ground.stores

    async def pending() -> bool:
        if await stores.jobs.waiting():
            return True
        active = await stores.spaces.active()
        return active is not None and active != found.shelf.target_id

    def told(said: JsonObject) -> None:
        news.changed(str(said.get("document", "")))

    supervisor = WorkerSupervisor(
        [sys.executable, "-m", "backend", "--env-file", os.devnull, "worker", "--attached"],
        environ=_worker_environment(ground.settings),
        pending=pending,
        died=stores.jobs.release_all,
        told=told,
        clock=ground.clock,
    )
    ground.stack.push_async_callback(supervisor.aclose)
    if await pending():
        supervisor.wake()
    return supervisor


def _worker_environment(settings: Settings) -> dict[str, str]:
    """Give the worker the settings it works with, and folders that do not depend on where it runs."""
    given = settings.environment()
    return {
        **inherited_environment(),
        **{name: value for name, value in given.items() if name not in _NOT_FOR_WORKERS},
        "DATA_DIR": str(settings.data_dir.absolute()),
        "PYTHONPATH": str(ROOT),
    }


def _shelf(ground: Ground, *, threads: int) -> EmbedderShelf:
    clock = ground.clock
    options = _embedding_options(ground.settings, ground.folders, threads=threads)
    return EmbedderShelf(
        make_embedder(options, clock=clock),
        target_id=space_id_of(options),
        older=lambda space: embedder_for_space(space, options, clock=clock),
    )


def _embedding_options(
    settings: Settings, folders: DocumentFolders, *, threads: int
) -> EmbeddingOptions:
    kind = settings.documents.embedder or ("ollama" if settings.embedding_model else "minilm")
    key = settings.upstream_openai_api_key
    return EmbeddingOptions(
        kind=kind,
        model=settings.embedding_model or "",
        precision=settings.documents.embedding_precision,
        threads=threads,
        folder=folders.models,
        ollama_url=settings.ollama_host,
        ollama_keep_alive=settings.models.keep_alive,
        openai_base_url=settings.upstream_openai_base_url,
        openai_api_key=key.get_secret_value() if key else "",
    )
