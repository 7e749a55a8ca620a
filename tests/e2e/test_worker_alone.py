"""`python -m backend worker` beside a server, or instead of the one that a server starts."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack

from backend.bootstrap.databases import open_all_stores
from backend.bootstrap.documents import Ground, document_folders, make_library
from backend.config.settings import load_settings
from backend.documents.news import DocumentNews
from backend.kit.clocks import SystemClock
from backend.ports.documents import Upload
from backend.storage.schema import prepare_database
from tests.fakes.ingest_parts import ANN
from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import running_program


async def test_it_reads_what_waits_in_the_data_folder_of_where_it_runs(tmp_path):
    """With no settings at all: the folder is `data`, and the child that reads runs somewhere else."""
    (tmp_path / "data").mkdir(mode=0o700)
    settings = load_settings(
        env_file=tmp_path / ".env", environ={"DATA_DIR": str(tmp_path / "data")}
    )
    await prepare_database(settings.database_url.get_secret_value())
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        stores = await open_all_stores(settings, demo=False)
        stack.push_async_callback(stores.aclose)
        await stores.users.add(ANN)
        ground = Ground(
            settings=settings,
            stores=stores,
            clock=clock,
            stack=stack,
            folders=document_folders(settings),
        )
        library = make_library(
            ground, news=DocumentNews(clock), wake=lambda: None, forget=stores.forget
        ).documents
        received = tmp_path / "received"
        received.write_text("The spare key hangs behind the third oar.", encoding="utf-8")
        upload = Upload(path=received, filename="key.txt", sha256="0" * 64, size_bytes=41)
        file = await library.add(ANN.id, upload)
        with running_program(
            "-m",
            "backend",
            "worker",
            folder=tmp_path,
            ready="the worker looks for documents in data until it is stopped",
            environ={"DOCUMENTS__MODEL_DIR": str(MODEL_DIR)},
        ) as (process, _):
            done = await library.settled(ANN.id, file.id, wait_s=25)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=15) == 0
    assert done is not None
    assert (done.document.state, done.document.reason) == ("ready", "")
