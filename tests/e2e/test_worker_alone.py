"""`python -m backend worker` beside a server, or instead of the one that a server starts."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from backend.bootstrap.databases import open_all_stores
from backend.bootstrap.documents import Ground, document_folders, make_library
from backend.bootstrap.library import open_library
from backend.config.settings import load_settings
from backend.documents.library import Library
from backend.documents.news import DocumentNews
from backend.kit.clocks import SteppedClock, SystemClock
from backend.ports.documents import Upload
from backend.storage.schema import prepare_database
from tests.fakes.ingest_parts import ANN
from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import running_program


@asynccontextmanager
async def waiting_upload(folder, **environ: str) -> AsyncIterator[tuple[Ground, str]]:
    """A data folder with an upload that nobody was told of, as a command leaves it; and its file."""
    (folder / "data").mkdir(mode=0o700)
    settings = load_settings(
        env_file=folder / ".env", environ={"DATA_DIR": str(folder / "data"), **environ}
    )
    await prepare_database(settings.database_url.get_secret_value())
    async with AsyncExitStack() as stack:
        stores = await open_all_stores(settings, demo=False)
        stack.push_async_callback(stores.aclose)
        await stores.users.add(ANN)
        ground = Ground(
            settings=settings,
            stores=stores,
            clock=SystemClock(),
            stack=stack,
            folders=document_folders(settings),
        )
        received = folder / "received"
        received.write_text("The spare key hangs behind the third oar.", encoding="utf-8")
        upload = Upload(path=received, filename="key.txt", sha256="0" * 64, size_bytes=41)
        yield ground, (await library_of(ground).add(ANN.id, upload)).id


def library_of(ground: Ground) -> Library:
    """The library of another process than the one that reads."""
    parts = make_library(
        ground,
        news=DocumentNews(ground.clock),
        wake=lambda: None,
        forget=ground.stores.forget,
    )
    return parts.documents


async def test_it_reads_what_waits_in_the_data_folder_of_where_it_runs(tmp_path):
    """With no settings at all: the folder is `data`, and the child that reads runs somewhere else."""
    async with waiting_upload(tmp_path) as (ground, file_id):
        with running_program(
            "-m",
            "backend",
            "worker",
            folder=tmp_path,
            ready="the worker looks for documents in data until it is stopped",
            environ={"DOCUMENTS__MODEL_DIR": str(MODEL_DIR)},
        ) as (process, _):
            done = await library_of(ground).settled(ANN.id, file_id, wait_s=120)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=180) == 0
    assert done is not None
    assert (done.document.state, done.document.reason) == ("ready", "")


async def test_a_server_that_runs_notices_what_a_command_brought(tmp_path):
    """Half a minute later, on SQLite too, without an upload of its own."""
    async with waiting_upload(tmp_path, DOCUMENTS__MODEL_DIR=str(MODEL_DIR)) as (ground, file_id):
        job = await ground.stores.jobs.claim(now_ms=ground.clock.now_ms(), lease_s=0, per_user=1)
        assert job is not None
        await ground.stores.jobs.done(job.claim)
        clock = SteppedClock()
        server = replace(ground, clock=clock)
        found = await open_library(server, forget=ground.stores.forget, demo=False)
        assert (await found.worker()).detail == "It starts with the next document."
        await ground.stores.jobs.add(job)
        clock.step(30)
        done = await library_of(ground).settled(ANN.id, file_id, wait_s=120)
    assert done is not None
    assert done.document.state == "ready"
