"""Wire documents: the library of the server, and what its worker process works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from backend.bootstrap.databases import shared
from backend.bootstrap.owned_files import owned_files
from backend.bootstrap.searching import make_indexes
from backend.bootstrap.upstreams import UPSTREAM_KEY, KeyOf, given_key
from backend.config.errors import SettingsError
from backend.config.settings import Settings
from backend.documents.drawing import PageDrawer
from backend.documents.embedding.choice import (
    EmbedderNotConfigured,
    EmbeddingOptions,
    embedder_for_space,
    make_embedder,
    space_id_of,
)
from backend.documents.embedding.named import NamedMiniLm
from backend.documents.embedding.shelf import EmbedderShelf
from backend.documents.extracted import ReadLimits
from backend.documents.folders import INCOMING, UploadFolder
from backend.documents.ingest import Ingest, IngestParts
from backend.documents.library import Library, LibraryParts
from backend.documents.news import DocumentNews
from backend.documents.ocr import tesseract
from backend.documents.reading import PooledReader, ReadingOptions
from backend.documents.reranking import RerankedSearch, Search
from backend.documents.search import Searcher, SearchStores
from backend.kit.clocks import SystemClock
from backend.kit.ids import new_id
from backend.observability.embedding import TracedEmbedder
from backend.observability.searching import WatchedSearch
from backend.ports.clock import Clock
from backend.ports.document_stores import FileLimits
from backend.ports.embedding import Embedder
from backend.ports.search_indexes import SearchIndexes
from backend.ports.signals import Signals
from backend.ports.values import Health
from backend.ports.watching import UNWATCHED, Watch
from backend.storage.memory.signals import LocalSignals
from backend.storage.stores import Stores

# Documents among which each of several workers chooses the next to embed anew.
_SPREAD = 32
ROOT = Path(__file__).resolve().parents[2]


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

    `server_id` names this process, among others on the same database, until it ends; `key_of` gives the
    secret of a setting as it is now.
    """

    settings: Settings
    stores: Stores
    clock: Clock
    stack: AsyncExitStack
    folders: DocumentFolders
    signals: Signals = field(default_factory=LocalSignals)
    server_id: str = field(default_factory=lambda: new_id("srv"))
    key_of: KeyOf | None = None
    watch: Watch = UNWATCHED


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLibrary:
    """The library with what it works on; `worker` tells how what reads documents is."""

    documents: Library
    indexes: SearchIndexes
    shelf: EmbedderShelf
    worker: Callable[[], Awaitable[Health]]


def check_documents(settings: Settings) -> None:
    """Refuse an embedder that lacks what it needs, before anything is opened.

    Raises:
        SettingsError: naming the setting.
    """
    options = embedding_options(settings, document_folders(settings), threads=1)
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
    indexes = make_indexes(stores, folders.indexes, memory_bytes=documents.index_memory_bytes)
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
    searcher = WatchedSearch(searcher, ground.watch, ground.clock)
    library = Library(
        LibraryParts(
            files=stores.files,
            documents=stores.documents,
            jobs=stores.jobs,
            folder=UploadFolder(owned_files(ground.settings, folders.uploads)),
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

    def loaded() -> Embedder | None:
        found = library.shelf.of(space)
        return found.inner if isinstance(found, TracedEmbedder) else found

    return NamedMiniLm(loaded, ground.clock)


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
            folder=UploadFolder(owned_files(ground.settings, ground.folders.uploads)),
            reader=reader,
            embedders=shelf,
            clock=clock,
            tell=tell,
            spread=_SPREAD if shared(ground.settings) else 1,
            tracing=ground.watch.tracing,
        )
    )


def embeds_with_a_key(settings: Settings) -> bool:
    """Tell whether documents are embedded by a server that may want a key."""
    return settings.documents.embedder == "openai_compatible"


def _shelf(ground: Ground, *, threads: int) -> EmbedderShelf:
    clock, tracing = ground.clock, ground.watch.tracing
    key_of = ground.key_of
    options = embedding_options(ground.settings, ground.folders, threads=threads, key_of=key_of)
    target: Embedder = make_embedder(options, clock=clock)
    return EmbedderShelf(
        TracedEmbedder(target, tracing) if tracing.on else target,
        target_id=space_id_of(options),
        older=lambda space: embedder_for_space(space, options, clock=clock),
    )


def embedding_options(
    settings: Settings, folders: DocumentFolders, *, threads: int, key_of: KeyOf | None = None
) -> EmbeddingOptions:
    """Say who embeds, and with what."""
    kind = settings.documents.embedder or ("ollama" if settings.embedding_model else "minilm")
    return EmbeddingOptions(
        kind=kind,
        model=settings.embedding_model or "",
        precision=settings.documents.embedding_precision,
        threads=threads,
        folder=folders.models,
        ollama_url=settings.ollama_host[0],
        ollama_keep_alive=settings.models.keep_alive,
        openai_base_url=next(iter(settings.upstream_openai_base_url), None),
        openai_api_key=partial(key_of or given_key(settings), UPSTREAM_KEY),
    )
