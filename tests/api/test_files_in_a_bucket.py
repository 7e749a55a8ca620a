"""A server whose uploads and made files lie in a bucket that other servers share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from backend.ports.artifacts import Origin
from backend.ports.sandbox import MadeFile
from tests.fakes.belongings import PIXEL
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.operated import command, environ_of
from tests.fakes.s3_double import BUCKET, KEYS, s3_server, store_of
from tests.fakes.uploads import uploaded

SESSION = "session"
WHALES = b"Whales are blue. Penguins eat fish."


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server of its own."""
    with s3_server() as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope=SESSION)
async def shared(
    doubles: Doubles, s3: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[LiveServer, Path]]:
    """Serve, and give the data folder too."""
    folder = tmp_path_factory.mktemp("bucket")
    async with live_server(folder, **doubles.environ(), **_bucket(s3)) as live:
        live.token = await live.log_in()
        yield live, folder / "data"


def _bucket(s3: str) -> dict[str, str]:
    return {
        "OBJECTS__URL": f"s3://{BUCKET}/steward",
        "OBJECTS__ENDPOINT": s3,
        **{f"OBJECTS__{name.upper()}": value for name, value in KEYS.items()},
    }


def _keys(s3: str) -> list[str]:
    store = store_of(s3, "steward")
    return sorted(one["path"] for found in store.list() for one in found)


async def test_a_file_is_read_given_back_and_erased(
    shared: tuple[LiveServer, Path], s3: str
) -> None:
    """By the worker, and by a server whose copy has gone; nothing of it stays in the bucket."""
    server, data = shared
    async with server.http(server.token) as http:
        file = await uploaded(http, "whales.txt", WHALES)
        [key] = await asyncio.to_thread(_keys, s3)
        assert key.startswith("uploads/")
        assert key.endswith(file)
        found = await http.post("/api/files/search", json={"query": "What do penguins eat?"})
        assert "Penguins eat fish" in found.json()["results"][0]["text"]
        [copy] = [path for path in (data / "uploads").rglob(file) if path.is_file()]
        copy.unlink()
        given = await http.get(f"/v1/files/{file}/content")
        assert (given.status_code, given.content) == (200, WHALES)
        assert (await http.delete(f"/v1/files/{file}")).status_code == 200
    assert await asyncio.to_thread(_keys, s3) == []
    assert [path for path in (data / "uploads").rglob(file) if path.is_file()] == []


async def test_what_a_tool_made_is_in_the_bucket_too(
    shared: tuple[LiveServer, Path], s3: str
) -> None:
    """Its link works on a server that has never seen its bytes."""
    server, data = shared
    async with server.http(server.token) as http:
        user = (await http.get("/api/auth/me")).json()["id"]
        files = [MadeFile(name="a.png", data=PIXEL)]
        kept = await server.app.state.services.artifacts.keep(
            Origin(user_id=user, run_id="run_1"), files
        )
        made = kept.artifacts[0].id
        (data / "artifacts" / user / made).unlink()
        given = await http.get(f"/api/artifacts/{made}")
        assert (given.status_code, given.content) == (200, PIXEL)
        assert (await http.delete(f"/api/artifacts/{made}")).status_code == 204
    assert await asyncio.to_thread(_keys, s3) == []


async def test_doctor_misses_nothing_that_is_in_the_bucket(
    shared: tuple[LiveServer, Path], s3: str
) -> None:
    """The folder of this machine is a copy of what was read lately; what is nowhere is told."""
    server, data = shared
    environ = environ_of(data.parent, **_bucket(s3))
    async with server.http(server.token) as http:
        file = await uploaded(http, "whales.txt", WHALES)
        for path in (data / "uploads").rglob(file):
            path.unlink()
        found = await asyncio.to_thread(command, "doctor", "--json", environ=environ)
        told = {one["name"]: one for one in orjson.loads(found.stdout)["findings"]}
        assert told["orphans:uploads"]["detail"] == "none"
        [key] = await asyncio.to_thread(_keys, s3)
        store_of(s3, "steward").delete([key])
        for path in (data / "uploads").rglob(file):
            path.unlink()
        found = await asyncio.to_thread(command, "doctor", "--json", environ=environ)
        told = {one["name"]: one for one in orjson.loads(found.stdout)["findings"]}
        assert "1 named by the database are missing" in told["orphans:uploads"]["detail"]
        assert (await http.delete(f"/v1/files/{file}")).status_code == 200
