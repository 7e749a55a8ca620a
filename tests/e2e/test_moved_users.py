"""A user who goes to another server finds there what they had."""

from __future__ import annotations

import asyncio

from tests.fakes.live_server import live_server
from tests.fakes.operated import done, environ_of
from tests.fakes.people import SECRET, someone
from tests.fakes.uploads import DOCUMENTS, SEARCH, TEXT, uploaded


async def test_documents_are_found_after_the_move(tmp_path):
    """Read again by the server that starts, and cited under the ids they had."""
    old, new, archive = tmp_path / "old", tmp_path / "new", tmp_path / "user.archive"
    for folder in (old, new):
        (folder / "data").mkdir(parents=True, mode=0o700)
    asked = {"query": "how long are returns taken?"}
    async with live_server(old) as server:
        async with server.http(await server.log_in()) as http:
            person = await someone(server, http)
        async with server.http(person.token) as mine:
            file_id = await uploaded(mine, params={"wait": "20"})
            before = (await mine.post(SEARCH, json=asked)).json()["results"]
    moved = ("export-user", person.name, str(archive), "--with-password")
    await asyncio.to_thread(done, *moved, environ=environ_of(old))
    await asyncio.to_thread(done, "import-user", str(archive), "--admin", environ=environ_of(new))
    async with live_server(new) as server:
        services = server.app.state.services
        file = await services.documents.settled(person.id, file_id, wait_s=45)
        assert (file.document.state, file.document.chars) == ("ready", len(TEXT))
        async with server.http(await server.log_in(person.name, SECRET)) as mine:
            after = (await mine.post(SEARCH, json=asked)).json()["results"]
            listed = (await mine.get(f"{DOCUMENTS}/{file_id}")).json()
    assert listed["filename"] == "terms.txt"
    assert [(it["citation_id"], it["text"]) for it in after] == [
        (it["citation_id"], it["text"]) for it in before
    ]


async def test_a_command_that_disables_stops_what_waits_to_be_read(tmp_path):
    """As the page does it."""
    async with live_server(tmp_path) as server:
        async with server.http(await server.log_in()) as http:
            person = await someone(server, http)
        async with server.http(person.token) as mine:
            file_id = await uploaded(mine, params={"wait": "20"})
    await asyncio.to_thread(
        done, "export-user", person.name, str(tmp_path / "a"), environ=environ_of(tmp_path)
    )
    await asyncio.to_thread(
        done, "import-user", str(tmp_path / "a"), "--as", "twin", environ=environ_of(tmp_path)
    )
    await asyncio.to_thread(done, "disable-user", "twin", environ=environ_of(tmp_path))
    async with live_server(tmp_path) as server:
        services = server.app.state.services
        twin = next(it for it in await services.accounts.users() if it.username == "twin")
        states = await services.documents._parts.documents.count_by_state(twin.id)
        assert states == {"failed": 1}
        assert (await services.documents.get(person.id, file_id)).document.state == "ready"
