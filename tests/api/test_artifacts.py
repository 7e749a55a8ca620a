"""`/api/artifacts`: three ways in for the owner, none for anybody else."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
import pytest_asyncio

from backend.ports.artifacts import Artifact, Artifacts, Origin
from backend.ports.sandbox import MadeFile
from backend.ports.tools import ToolResult
from tests.fakes.live_server import LiveServer
from tests.fakes.people import SECRET, Person, someone

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PAGE = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def keeper(server: LiveServer) -> Artifacts:
    """Give what tools keep their files with."""
    kept: Artifacts = server.app.state.services.artifacts
    return kept


@pytest_asyncio.fixture(loop_scope="session")
async def chart(keeper: Artifacts, person: Person) -> Artifact:
    """Keep a picture for an ordinary user."""
    files = [MadeFile(name="chart.png", data=PNG)]
    kept = await keeper.keep(Origin(user_id=person.id, run_id="run_1"), files)
    return kept.artifacts[0]


async def test_the_owner_sees_the_picture_and_lists_it(mine: httpx.AsyncClient, chart: Artifact):
    """It is shown, never sniffed, and may run nothing."""
    answer = await mine.get(f"/api/artifacts/{chart.id}")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    saved = await mine.get(f"/api/artifacts/{chart.id}", params={"download": "true"})
    assert saved.headers["content-disposition"].startswith("attachment")
    listed = (await mine.get("/api/artifacts")).json()
    assert [(one["id"], one["filename"], one["run_id"]) for one in listed] == [
        (chart.id, "chart.png", "run_1")
    ]
    assert (await mine.get("/api/artifacts", params={"run_id": "run_2"})).json() == []


async def test_somebody_elses_artifact_answers_like_a_missing_one(
    http: httpx.AsyncClient, chart: Artifact
):
    """The administrator too is somebody else."""
    foreign = await http.get(f"/api/artifacts/{chart.id}")
    missing = await http.get(f"/api/artifacts/art_{'0' * 32}")
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    assert (await http.delete(f"/api/artifacts/{chart.id}")).status_code == 404
    assert (await http.get("/api/artifacts/..%2f..%2fsecret.key")).status_code == 404


async def test_what_a_browser_would_run_is_a_download(
    keeper: Artifacts, person: Person, mine: httpx.AsyncClient
):
    """A page that a tool wrote must not act on our origin."""
    files = [MadeFile(name="page.html", data=PAGE)]
    (page,) = (await keeper.keep(Origin(user_id=person.id), files)).artifacts
    answer = await mine.get(f"/api/artifacts/{page.id}")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_link_opens_it_for_who_has_no_token(
    keeper: Artifacts, chart: Artifact, anyone: httpx.AsyncClient
):
    """A forged or cut key opens nothing, and no key asks for log-in."""
    path = keeper.link(chart).partition("/api/")[2]
    assert (await anyone.get(f"/api/{path}")).content == PNG
    assert (await anyone.get(f"/api/{path[:-1]}")).status_code == 404
    assert (await anyone.get(f"/api/artifacts/{chart.id}")).status_code == 401


async def test_the_pages_cookie_shows_pictures_and_nothing_else(
    server: LiveServer, http: httpx.AsyncClient, keeper: Artifacts
):
    """It is no access token, and it goes with the log-out."""
    person = await someone(server, http)
    (one,) = (
        await keeper.keep(Origin(user_id=person.id), [MadeFile(name="a.png", data=PNG)])
    ).artifacts
    async with server.http() as page:
        body = {"username": person.name, "password": SECRET, "remember": True}
        logged_in = await page.post("/api/auth/login", json=body)
        cookies = {it.split("=")[0]: it for it in logged_in.headers.get_list("set-cookie")}
        reader = cookies["steward_reader"].lower()
        assert "httponly" in reader
        assert "samesite=strict" in reader
        assert "path=/api/artifacts" in reader
        assert "max-age=86400" in reader
        assert (await page.get(f"/api/artifacts/{one.id}")).content == PNG
        assert (await page.get("/api/artifacts")).status_code == 401
        value = page.cookies["steward_reader"]
        bearer = {"authorization": f"Bearer {value}"}
        assert (await page.get("/api/conversations", headers=bearer)).status_code == 401
        access = {"cookie": f"steward_reader={logged_in.json()['access_token']}"}
        async with server.http() as other:
            assert (await other.get(f"/api/artifacts/{one.id}", headers=access)).status_code == 401
        await page.delete("/api/auth/refresh")
        assert (await page.get(f"/api/artifacts/{one.id}")).status_code == 401


async def test_a_deleted_artifact_and_that_of_a_disabled_user_are_gone(
    keeper: Artifacts, chart: Artifact, person: Person, mine: httpx.AsyncClient,
    http: httpx.AsyncClient, anyone: httpx.AsyncClient,
):  # fmt: skip
    """A link is no way around the account's end."""
    path = keeper.link(chart).partition("/api/")[2]
    await http.patch(f"/api/users/{person.id}", json={"disabled": True})
    assert (await anyone.get(f"/api/{path}")).status_code == 404
    await http.patch(f"/api/users/{person.id}", json={"disabled": False})
    assert (await anyone.get(f"/api/{path}")).status_code == 200
    await http.delete(f"/api/users/{person.id}")
    assert (await anyone.get(f"/api/{path}")).status_code == 404


class Drawer:
    """A tool that makes a picture."""

    async def run(self, args, context) -> ToolResult:
        """Draw."""
        return ToolResult(text="drawn", files=(MadeFile(name="chart.png", data=PNG),))


async def test_who_tries_a_tool_by_hand_is_given_the_files_it_makes(
    server: LiveServer, mine: httpx.AsyncClient
):
    """By an address that opens them."""
    toolbox = server.app.state.services.toolbox
    card = toolbox.available["math_calc"]
    toolbox.put(replace(card, tool=Drawer()))
    try:
        tried = await mine.post("/api/tools/math_calc", json={"arguments": {"expression": "1"}})
    finally:
        toolbox.put(card)
    (made,) = tried.json()["artifacts"]
    assert (made["filename"], made["media_type"]) == ("chart.png", "image/png")
    address = httpx.URL(made["url"])
    assert (await mine.get(address.raw_path.decode())).content == PNG
