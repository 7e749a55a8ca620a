"""What goes wrong below a real server process: its disk, its database, its clock, its death in the middle.

Each fault ends in an error that says what it is, and nothing that was answered for is lost.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest

from backend.storage import migrations
from backend.storage.migrate import migrate
from backend.storage.revisions import HEAD
from backend.storage.schema import current_revision
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.one_server import CHAT, PASSWORD, OneServer, one_server, settings_of, until
from tests.fakes.other_time import with_clock_ahead
from tests.fakes.processes import run_program, running_program
from tests.fakes.tiny_disk import fill, tiny_disk

BODY: dict[str, Any] = {
    "model": "llama3.2@chat",
    "messages": [{"role": "user", "content": "Hello there"}],
}
KEPT = {**BODY, "store": True}
NEEDLE = "The spare key of the boathouse hangs behind the third oar."
LONG = "x" * 60_000
DAY_S = 86_400
# The last step of a migration that goes no further: it says so and waits to be killed.
STUCK = f'''
import time
revision = "later"
down_revision = "{HEAD}"
def upgrade():
    print("here", flush=True)
    time.sleep(60)
'''
MIGRATES = """
import sys
from pathlib import Path
from backend.storage.migrate import migrate
migrate(Path(sys.argv[1]), scripts=Path(sys.argv[2]), head="later")
"""


@asynccontextmanager
async def started(folder: Path, **environ: str) -> AsyncIterator[OneServer]:
    """A server over a folder, with a model server of its own."""
    async with OllamaDouble() as ollama, one_server(folder, ollama.url, **environ) as server:
        yield server


async def said(http: httpx.AsyncClient, session: str) -> list[str]:
    """Read what stands in a session."""
    found = (await http.get(f"/api/conversations/{session}")).json()["messages"]
    return [one["message"]["content"] for one in found]


async def found(http: httpx.AsyncClient) -> str:
    """Search for the needle and give the first passage."""
    answer = await http.post("/api/files/search", json={"query": "where is the boathouse key"})
    return str(answer.json()["results"][0]["text"])


async def test_a_database_that_another_process_holds(tmp_path: Path) -> None:
    """What must be written is refused with a reason and a time to come back; all else goes on."""
    async with started(tmp_path / "data") as server:
        session = (await server.http.post(CHAT, json=KEPT)).headers["x-session-id"]
        database = tmp_path / "data" / "steward.db"
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = asyncio.create_task(server.http.post("/v1/conversations", json={}))
            read = await said(server.http, session)
            health = await server.http.get("/health")
            answer = await refused
            other.execute("ROLLBACK")
        assert (answer.status_code, "busy" in answer.json()["error"]["message"]) == (503, True)
        assert int(answer.headers["retry-after"]) >= 1
        assert (read, health.status_code) == (["Hello there", "echo: Hello there"], 200)
        assert (await server.http.post("/v1/conversations", json={})).status_code < 300


async def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Uploads and messages are refused with that reason; what was kept is there, and room heals it."""
    with tiny_disk(tmp_path / "disk", mib=48) as disk:
        async with started(disk / "data") as server:
            session = (await server.http.post(CHAT, json=KEPT)).headers["x-session-id"]
            filler = fill(disk)
            large = {"file": ("a.txt", b"word " * 400_000)}
            upload = await server.http.post("/api/files/upload?wait=0", files=large)
            more = {**KEPT, "session_id": session, "messages": [{"role": "user", "content": LONG}]}
            answers = [await server.http.post(CHAT, json=more) for _ in range(20)]
            refused = [one for one in answers if one.status_code != 200]
            health = await server.http.get("/health")
            read = await said(server.http, session)
            filler.unlink()
            assert upload.status_code == 503
            assert "full" in upload.json()["error"]["message"]
            assert refused
            assert {one.status_code for one in refused} == {503}
            assert "full" in refused[-1].json()["error"]["message"]
            assert (read[:2], health.status_code) == (["Hello there", "echo: Hello there"], 200)
            again = await server.http.post(CHAT, json={**KEPT, "session_id": session})
            assert again.status_code == 200, again.text
            small = {"file": ("a.txt", NEEDLE.encode())}
            assert (await server.http.post("/api/files/upload", files=small)).status_code == 200
            assert NEEDLE in await found(server.http)
            assert not list((disk / "data" / "uploads" / ".incoming").glob("*"))


async def test_index_files_that_are_damaged(tmp_path: Path) -> None:
    """They are made anew from the database: the next search finds what the one before it found."""
    data = tmp_path / "data"
    async with started(data) as server:
        form = {"file": ("keys.txt", NEEDLE.encode())}
        assert (await server.http.post("/api/files/upload", files=form)).json()["state"] == "ready"
        assert NEEDLE in await found(server.http)
    files = [one for one in (data / "indexes").rglob("*") if one.is_file()]
    assert files
    for one in files:
        one.write_bytes(one.read_bytes()[:20] + b"\xff" * 200)
    async with started(data) as server:
        assert NEEDLE in await found(server.http)
        assert "Traceback" not in "".join(server.output)


async def test_a_second_server_on_the_same_folder(tmp_path: Path) -> None:
    """It says who holds the folder and ends; the first does not notice."""
    data = tmp_path / "data"
    async with started(data) as server:
        environ = settings_of(data, "http://127.0.0.1:9")
        done = await asyncio.to_thread(
            run_program, "-m", "backend", folder=tmp_path, environ=environ
        )
        assert done.returncode == 2
        assert f"in use by process {server.process.pid}" in done.stderr
        assert done.stderr.count("\n") == 1
        assert (await server.http.post(CHAT, json=KEPT)).status_code == 200


async def test_a_server_that_is_killed_while_an_upload_arrives(tmp_path: Path) -> None:
    """Half a file is no file: nothing of it is listed or left, and it can be sent again."""
    data = tmp_path / "data"
    incoming = data / "uploads" / ".incoming"

    async def arriving() -> int:
        return sum(one.stat().st_size for one in incoming.glob("*"))

    killed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="keys.txt"\r\n\r\n'
        yield b"word " * 2_000_000
        await killed.wait()
        while True:  # the client reads nothing while it sends: it notices by what it sends
            yield b"word " * 200_000

    kind = {"content-type": "multipart/form-data; boundary=x"}
    limits = {"SERVER__REQUEST_BODY_MAX_BYTES": "50000000"}
    async with started(data, **limits) as server:
        sending = asyncio.create_task(
            server.http.post("/api/files/upload", content=pieces(), headers=kind)
        )
        assert await until(arriving, lambda size: size > 0)
        await server.kill()
        killed.set()
        with pytest.raises(httpx.TransportError):
            await sending
    async with started(data, **limits) as server:
        assert (await server.http.get("/api/files/documents")).json()["documents"] == []
        assert await arriving() == 0
        form = {"file": ("keys.txt", NEEDLE.encode())}
        assert (await server.http.post("/api/files/upload", files=form)).json()["state"] == "ready"


async def test_a_server_that_is_killed_while_it_migrates(tmp_path: Path) -> None:
    """The steps are one transaction: the next start finds the old database whole, and migrates it."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    database = data / "steward.db"
    migrate(database, head="0006")
    with closing(sqlite3.connect(database)) as connection:
        secret = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
        admin = ("u", "admin", "admin", secret, "admin", 0, 0, 1)
        connection.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)", admin)
        rows = [("u", day, "m", "chat", 1, day, 3) for day in range(1000)]
        connection.executemany("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
    scripts = tmp_path / "scripts"
    shutil.copytree(migrations.__path__[0], scripts)
    (scripts / "versions" / "later_stuck.py").write_text(STUCK)
    migrating = ("-c", MIGRATES, str(database), str(scripts))
    with running_program(*migrating, folder=tmp_path, ready="here") as (process, _):
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert current_revision(database) == "0006"
    async with started(data) as server:
        assert (await server.http.post(CHAT, json=KEPT)).status_code == 200
    assert current_revision(database) == HEAD
    with closing(sqlite3.connect(database)) as connection:
        kept = connection.execute("SELECT * FROM usage WHERE day < 1000 ORDER BY day").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [one[:4] + one[5:] for one in kept] == rows


@pytest.mark.parametrize("ahead_s", [30 * DAY_S, -30 * DAY_S], ids=["fast", "slow"])
async def test_a_clock_that_is_set_right(tmp_path: Path, ahead_s: int) -> None:
    """What a server with a wrong clock wrote is there afterwards, and everything goes on from it."""
    data = tmp_path / "data"
    async with started(data, **with_clock_ahead(tmp_path / "clock", ahead_s)) as server:
        session = (await server.http.post(CHAT, json=KEPT)).headers["x-session-id"]
        wanted = {"name": "k", "scopes": ["chat"]}
        key = (await server.http.post("/api/auth/keys", json=wanted)).json()
        form = {"file": ("keys.txt", NEEDLE.encode() * 500)}
        file = (await server.http.post("/api/files/upload?wait=0", files=form)).json()["file_id"]
        await server.kill()
    async with started(data) as server:

        async def document() -> dict[str, Any]:
            return (await server.http.get(f"/api/files/documents/{file}")).json()

        await until(document, lambda it: it["state"] == "ready")
        assert await said(server.http, session) == ["Hello there", "echo: Hello there"]
        more = {**KEPT, "session_id": session}
        assert (await server.http.post(CHAT, json=more)).status_code == 200
        assert len(await said(server.http, session)) == 4
        new = (await server.http.post(CHAT, json=KEPT)).headers["x-session-id"]
        listed = (await server.http.get("/api/conversations")).json()
        with_key = {"authorization": f"Bearer {key['key']}"}
        answer = await server.http.post(CHAT, json=BODY, headers=with_key)
        assert answer.status_code == 200, answer.text
        assert {session, new} <= set(str(listed).split("'"))
