"""Credentials over HTTP: for administrators, write-only, used by the next request, nowhere in the clear."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest

from backend.bootstrap.rotating import rotate
from backend.config.settings import load_settings
from tests.fakes.openai_double import OpenAIDouble
from tests.fakes.people import a_key, someone
from tests.fakes.upstreams import CHAT, body, served

PLACE = "/api/admin/credentials"
NAME = "UPSTREAM_OPENAI_API_KEY"
MODEL = "only-there"
SECRET = "sk-very-secret-9f3a77"
SECOND = "sk-other-secret-1b2c88"


async def test_a_key_of_a_model_server_is_used_by_the_next_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a restart; nothing of it is in answers, logs or any file."""
    caplog.set_level(logging.DEBUG)
    async with OpenAIDouble(api_key=SECRET) as double:
        double.models.append({"id": MODEL, "object": "model", "created": 1, "owned_by": "us"})
        environ = {"UPSTREAM_OPENAI_BASE_URL": double.base_url}
        async with served(tmp_path, **environ) as server:
            asked = body(model=MODEL)
            refused = await server.http.post(CHAT, json=asked)
            put = await server.http.put(f"{PLACE}/{NAME}", json={"value": SECRET})
            works = await server.http.post(CHAT, json=asked)
            listed = await server.http.get(PLACE)
            wrong = await server.http.put(f"{PLACE}/{NAME}", json={"value": f"{SECOND}\n{SECOND}"})
            shape = await server.http.put(f"{PLACE}/{NAME}", json={"worth": SECOND})
            gone = await server.http.delete(f"{PLACE}/{NAME}")
            again = await server.http.delete(f"{PLACE}/{NAME}")
            without = await server.http.post(CHAT, json=asked)
    assert (refused.status_code, put.status_code, works.status_code) == (502, 200, 200), works.text
    assert (gone.status_code, again.status_code, without.status_code) == (204, 404, 502)
    assert (wrong.status_code, shape.status_code) == (400, 400)
    [mine] = [one for one in listed.json() if one["name"] == NAME]
    assert (mine["source"], mine["hint"], mine["updated_by"]) == ("stored", "3a77", "admin")
    told = [one.text for one in (refused, put, works, listed, wrong, shape, gone, without)]
    kept = await asyncio.to_thread(_files_in, tmp_path)
    assert any(one.startswith(b"SQLite format 3") for one in kept)
    for secret in (SECRET, SECOND):
        assert not any(secret in text for text in [*told, caplog.text])
        assert not any(secret.encode() in text for text in kept)


def _files_in(folder: Path) -> list[bytes]:
    return [one.read_bytes() for one in folder.rglob("*") if one.is_file()]


async def test_only_administrators_may_see_or_change_them(tmp_path: Path) -> None:
    """A key needs the scope; names that are none are not there."""
    async with served(tmp_path) as server:
        person = await someone(server.live, server.http)
        chat_key = await a_key(server.http, "chat")
        for token, status in ((person.token, 403), (chat_key, 403), ("", 401)):
            async with server.live.http(token) as http:
                answers = [
                    await http.get(PLACE),
                    await http.put(f"{PLACE}/{NAME}", json={"value": SECRET}),
                    await http.delete(f"{PLACE}/{NAME}"),
                ]
                assert [one.status_code for one in answers] == [status] * 3
        missing = await server.http.put(f"{PLACE}/SECRET_KEY", json={"value": SECRET})
        names = [one["name"] for one in (await server.http.get(PLACE)).json()]
    assert missing.status_code == 404
    assert names == ["TAVILY_API_KEY", "TOOLS__WEB_SEARCH__TAVILY_API_KEY", NAME]


async def test_the_key_of_a_tool_makes_it_anew(tmp_path: Path) -> None:
    """The search asks Tavily from the next call on."""
    async with served(tmp_path, TOOLS__WEB_SEARCH__DUCKDUCKGO_ENABLED="false") as server:
        assert "web_search" in (await _off(server.http))
        put = await server.http.put(f"{PLACE}/TAVILY_API_KEY", json={"value": SECRET})
        assert put.status_code == 200
        assert "web_search" not in (await _off(server.http))
        await server.http.delete(f"{PLACE}/TAVILY_API_KEY")
        assert "web_search" in (await _off(server.http))


async def _off(http: httpx.AsyncClient) -> dict[str, str]:
    return (await http.get("/health")).json()["tools"]["off"]


async def test_a_server_starts_with_what_is_stored_and_without_a_lost_key(tmp_path: Path) -> None:
    """It says what to do, and everything else works; rotating keeps what can be opened."""
    async with OpenAIDouble(api_key=SECRET) as double:
        double.models.append({"id": MODEL, "object": "model", "created": 1, "owned_by": "us"})
        environ = {"UPSTREAM_OPENAI_BASE_URL": double.base_url}
        async with served(tmp_path, **environ) as server:
            await server.http.put(f"{PLACE}/{NAME}", json={"value": SECRET})
        given = {"DATA_DIR": str(tmp_path / "data"), **environ}
        settings = load_settings(env_file=tmp_path / "no.env", environ=given)
        lines, code = await asyncio.to_thread(rotate, settings)
        assert (lines, code) == (["1 credentials are sealed with the newest key"], 0)
        async with served(tmp_path, **environ) as server:
            works = await server.http.post(CHAT, json=body(model=MODEL))
        assert works.status_code == 200
        (tmp_path / "data" / "credentials.key").unlink()
        async with served(tmp_path, **environ) as server:
            ready = (await server.http.get("/ready")).json()["checks"]["credentials"]
            [mine] = [it for it in (await server.http.get(PLACE)).json() if it["name"] == NAME]
            other = await server.http.post(CHAT, json=body())
    assert (ready["ok"], mine["source"], other.status_code) == (False, "unreadable", 200)
    assert "credentials.key" in ready["fix"]
