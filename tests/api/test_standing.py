"""What ends with an account that is disabled or erased, on the server where that is done."""

from __future__ import annotations

import asyncio

from httpx import AsyncClient

from backend.errors import Unavailable
from backend.kit.clocks import SystemClock
from backend.storage.memory.signals import LocalSignals
from tests.fakes.live_server import LiveServer
from tests.fakes.people import Person, bearer, code, someone
from tests.fakes.uploads import uploaded

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


async def test_documents_that_wait_are_not_read(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """They say why, and can be read again when the user is back."""
    services = server.app.state.services
    file_id = await uploaded(mine, "a.txt", b"words to be read")
    assert await services.documents.reindex(person.id, file_id)
    await http.patch(f"/api/users/{person.id}", json={"disabled": True})
    assert await services.documents._parts.jobs.drop_of(person.id) == ()
    await http.patch(f"/api/users/{person.id}", json={"disabled": False})
    token = await server.log_in(person.name, "a longer secret")
    again = await http.get(f"/api/files/documents/{file_id}", headers=bearer(token))
    assert again.json()["state"] in {"failed", "ready"}


async def test_uploads_in_parts_are_forgotten(
    server: LiveServer, http: AsyncClient, person: Person, mine: AsyncClient
) -> None:
    """Whoever is enabled again begins anew."""
    body = {"filename": "a.txt", "purpose": "user_data", "bytes": 3, "mime_type": "text/plain"}
    made = (await mine.post("/v1/uploads", json=body)).json()
    await http.patch(f"/api/users/{person.id}", json={"disabled": True})
    await http.patch(f"/api/users/{person.id}", json={"disabled": False})
    token = await server.log_in(person.name, "a longer secret")
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
