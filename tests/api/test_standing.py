"""What ends with an account that is disabled or erased, on the server where that is done."""

from __future__ import annotations

import asyncio

from httpx import AsyncClient

from backend.documents.library import STOPPED, Library
from backend.errors import Unavailable
from backend.kit.clocks import SystemClock
from backend.ports.documents import Document
from backend.storage.memory.signals import LocalSignals
from tests.fakes.live_server import LiveServer
from tests.fakes.people import SECRET, Person, bearer, code, someone
from tests.fakes.uploads import DOCUMENTS, TEXT, halted, halted_worker, uploaded

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


async def test_an_upload_under_way_ends(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """With 401, and nothing of it stays."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/files/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {person.token}\r\n"
    head += "content-type: multipart/form-data; boundary=b\r\ncontent-length: 9000000\r\n\r\n"
    writer.write(head.encode() + HEAD + b"x" * 2_000_000)
    async with asyncio.timeout(30):
        await writer.drain()
        while not server.incoming:
            await SystemClock().sleep(0.02)
        await http.patch(f"/api/users/{person.id}", json={"disabled": True})
        answer = await reader.readline()
    writer.close()
    assert b" 401 " in answer
    assert server.incoming == []


async def _disable(http: AsyncClient, person: Person, *, disabled: bool) -> None:
    changed = await http.patch(f"/api/users/{person.id}", json={"disabled": disabled})
    assert changed.status_code == 200, changed.text


async def _read_again(
    server: LiveServer, http: AsyncClient, person: Person, file_id: str
) -> Document:
    """Enable a user again, who has a file read; give what becomes of it."""
    await _disable(http, person, disabled=False)
    token = await server.log_in(person.name, SECRET)
    path = f"{DOCUMENTS}/{file_id}/reindex"
    assert (await http.post(path, headers=bearer(token))).status_code == 202
    documents: Library = server.app.state.services.documents
    settled = await documents.settled(person.id, file_id, wait_s=60)
    assert settled is not None
    return settled.document


async def test_documents_that_wait_are_not_read(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """They say why, and can be read again when the user is back."""
    documents: Library = server.app.state.services.documents
    async with halted_worker(http):
        file_id = await uploaded(mine, "a.txt", b"words to be read", params={"wait": "0"})
        await _disable(http, person, disabled=True)
    await uploaded(http, "another's.txt", TEXT, params={"wait": "20"})
    file = await documents.get(person.id, file_id)
    assert file is not None
    assert (file.document.state, file.document.reason) == ("failed", STOPPED)
    assert (await _read_again(server, http, person, file_id)).state == "ready"


async def test_a_document_that_is_being_read_is_not_read_on(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """Its worker notices with the next that it would write, and changes nothing any more."""
    services = server.app.state.services
    documents: Library = services.documents
    database = services.options.incoming.parents[1] / "steward.db"
    lines = "".join(f"Line {number} tells of its own matter.\n\n" for number in range(5_000))
    file_id = await uploaded(mine, "long.txt", lines.encode(), params={"wait": "0"})
    async for file in documents.watch(person.id, file_id):
        if file.document.state != "queued":
            break
    with halted(database):
        await _disable(http, person, disabled=True)
    await uploaded(http, "another's.txt", TEXT, params={"wait": "20"})
    file = await documents.get(person.id, file_id)
    assert file is not None
    assert (file.document.state, file.document.reason) == ("failed", STOPPED)
    assert file.document.chunks == 0
    assert (await _read_again(server, http, person, file_id)).state == "ready"


async def test_uploads_in_parts_are_forgotten(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """Whoever is enabled again begins anew."""
    body = {"filename": "a.txt", "purpose": "user_data", "bytes": 3, "mime_type": "text/plain"}
    made = (await mine.post("/v1/uploads", json=body)).json()
    await http.patch(f"/api/users/{person.id}", json={"disabled": True})
    await http.patch(f"/api/users/{person.id}", json={"disabled": False})
    token = await server.log_in(person.name, SECRET)
    gone = await http.post(f"/v1/uploads/{made['id']}/cancel", headers=bearer(token))
    assert code(gone) == (404, "not_found")


class Broken(LocalSignals):
    """Signals that do not get through."""

    async def tell(self, topic: str, told: object) -> None:
        """Fail."""
        raise Unavailable


async def test_a_signal_that_fails_is_no_failed_change(
    server: LiveServer, http: AsyncClient
) -> None:
    """The others find it in the database."""
    other = await someone(server, http)
    accounts = server.app.state.services.accounts
    kept, accounts._signals = accounts._signals, Broken()
    try:
        changed = await http.patch(f"/api/users/{other.id}", json={"disabled": True})
    finally:
        accounts._signals = kept
    assert changed.json()["disabled"]
