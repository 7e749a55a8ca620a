"""Canary secrets and prompts through a whole server: they stand in no log, no figures, no spans, no answers of others."""

from __future__ import annotations

import contextlib
import io
import logging
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg
from aiohttp import web

from backend.config.credential_keys import new_key
from backend.config.logging import configure_logging
from backend.config.settings import load_settings
from tests.fakes.completions import CHAT
from tests.fakes.faulty_server import FaultyServer
from tests.fakes.live_server import PASSWORD, LiveServer, live_server
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.otlp_double import OtlpDouble
from tests.fakes.people import SECRET, someone
from tests.fakes.sql_databases import empty_postgres, postgres_copy

KEY = "canaryupstreamkey4711"
COLLECTOR = "canarycollectorkey4711"
SCRAPE = "canaryscrapetoken4711"
PROMPT = "canaryprompt4711"
TOKEN = "canaryurltoken4711"
STORED = "canarystoredkey4711"
DATABASE = "canarydatabase4711"
NAME, TEXT = "canaryname4711", "canarytext4711"
ARGUMENT, ANSWER = "canaryargument4711", "canaryanswer4711"
SECRETS = (KEY, COLLECTOR, SCRAPE, PROMPT, TOKEN, PASSWORD)
BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}


class Rude(FaultyServer):
    """A model server that fails and quotes all it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.get("/v1/models", self._models)
        self.post("/v1/chat/completions", self._quote)

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m"}]})

    async def _quote(self, request: web.Request) -> web.Response:
        key = request.headers["authorization"].partition(" ")[2]
        told = f"{request.headers['authorization']} {key} sent {await request.text()}"
        return web.json_response({"error": {"message": told}}, status=500)


@contextlib.contextmanager
def logged(environ: dict[str, str], folder: Path) -> Iterator[io.StringIO]:
    """Log as the command line does, and set the test runner's own logging back."""
    written, root = io.StringIO(), logging.getLogger()
    before, level = list(root.handlers), root.level
    configure_logging(load_settings(env_file=folder / "no.env", environ=environ), stream=written)
    try:
        yield written
    finally:
        root.handlers[:] = before
        root.setLevel(level)


async def provoked(live: LiveServer) -> str:
    """Let all that may quote canaries go wrong; give the kept log."""
    async with live.http(await live.log_in()) as http:
        answer = await http.post(CHAT, json=BODY)
        assert answer.status_code >= 500
        assert KEY not in answer.text
        await http.post(CHAT, content=f'{{"model": "{PROMPT}'.encode())
        await http.get("/api/nowhere", params={"access_token": TOKEN})
        await http.post("/api/auth/login", json={"username": "admin", "password": TOKEN})
        logging.getLogger("backend.x").warning("GET /a?token=%s&b=1", TOKEN)
        return (await http.get("/api/admin/logs", params={"limit": 500})).text


async def scraped(live: LiveServer) -> str:
    """Read the figures by the token that opens nothing else."""
    async with live.http(SCRAPE) as scraper:
        assert (await scraper.get("/api/admin/logs")).status_code == 401
        return (await scraper.get("/metrics")).text


async def test_canaries_are_found_nowhere(tmp_path):
    """Failures that quote keys and prompts, bad JSON, wrong log-ins and addresses with tokens."""
    async with Rude() as rude, OtlpDouble() as otlp:
        environ = {
            "UPSTREAM_OPENAI_BASE_URL": f"{rude.url}/v1",
            "UPSTREAM_OPENAI_API_KEY": KEY,
            "TRACING__ENDPOINT": otlp.url,
            "TRACING__AUTHORIZATION": COLLECTOR,
            "METRICS__TOKEN": SCRAPE,
            "LOG__FORMAT": "json",
        }
        with logged(environ, tmp_path) as written:
            async with live_server(tmp_path, **environ) as live:
                logs, figures = await provoked(live), await scraped(live)
    lines = [orjson.loads(line) for line in written.getvalue().splitlines()]
    assert "steward_runs_total" in figures
    assert any(one["message"].startswith("UpstreamError: ") for one in lines)
    assert "token=***" in logs
    assert any({"request_id", "user_id"} <= one.keys() for one in lines)
    for place in (written.getvalue(), logs, figures, otlp.raw):
        assert [one for one in SECRETS if one in place] == []


@contextlib.contextmanager
def with_password() -> Iterator[str]:
    """Give the address of an empty PostgreSQL, with a password in it."""
    with empty_postgres() as server, postgres_copy(server) as url:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{DATABASE}'".encode())
        yield url.replace("postgres:@", f"keeper:{DATABASE}@")


async def worked(live: LiveServer, ollama: OllamaDouble) -> str:
    """Let somebody upload, chat and use tools, and a credential fail; give what others are shown of it."""
    admin = await live.log_in()
    async with live.http(admin) as http:
        ann, bob = await someone(live, http), await someone(live, http)
        stored = {"value": STORED}
        put = await http.put("/api/admin/credentials/UPSTREAM_OPENAI_API_KEY", json=stored)
        assert put.status_code == 200, put.text
    async with live.http(ann.token) as http:
        form = {
            "file": (f"{NAME}.txt", f"{TEXT}: the spare key hangs behind the oar.", "text/plain")
        }
        sent = await http.post("/api/files/upload", params={"wait": 60}, files=form)
        assert sent.json()["state"] == "ready", sent.text
        calls = [
            Call(name="math_calc", arguments={"expression": ARGUMENT}),
            Call(name="search_documents", arguments={"query": TEXT}),
        ]
        ollama.queue(Reply(calls=calls), Reply(content=ANSWER))
        body = {**BODY, "model": "llama3.2@react", "store": True}
        said = await http.post(CHAT, json=body)
        assert ANSWER in said.text
        assert len(ollama.chats) == 2
        assert TEXT in str(ollama.chats[-1].body)
        assert (await http.post(CHAT, json={**BODY, "temperature": 0})).status_code >= 500
        run = said.headers["x-run-id"]
        assert ARGUMENT in (await http.get(f"/api/runs/{run}")).text
    async with live.http(bob.token) as http:
        return "".join([await _asked(http, path) for path in (*OTHERS, f"/api/runs/{run}")])


OTHERS = (
    "/api/conversations",
    "/api/conversations/export",
    "/api/files/documents",
    "/v1/files",
    "/v1/vector_stores",
    "/v1/models",
    CHAT,
    "/api/artifacts",
    "/api/approvals",
    "/api/usage",
    "/api/tools",
    "/api/tools/usage",
    "/api/tools/usage/totals",
    "/api/queue",
    "/api/files/search",
    "/ready",
)


async def _asked(http: httpx.AsyncClient, path: str) -> str:
    if path == "/api/files/search":
        return (await http.post(path, json={"query": "Where does the spare key hang?"})).text
    return (await http.get(path)).text


async def told(live: LiveServer, ollama: OllamaDouble) -> tuple[str, str, str]:
    """Give the kept log, the figures, and what others are shown."""
    shown, figures = await worked(live, ollama), await scraped(live)
    async with live.http(await live.log_in()) as http:
        return (await http.get("/api/admin/logs/export")).text, figures, shown


def debugging(**more: str) -> dict[str, str]:
    """Give settings of a server that tells all it can, with keys that only it knows."""
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "CREDENTIALS__KEYS": new_key(),
        "METRICS__TOKEN": SCRAPE,
        "ANSWER_CACHE__MODE": "all",
        "LOG_LEVEL": "DEBUG",
        **more,
    }


async def test_what_a_user_does_is_found_nowhere_else(tmp_path):
    """A tool call, an upload, keys of the database: not at DEBUG, not with figures and spans, not by others."""
    async with Rude() as rude, OtlpDouble() as otlp, OllamaDouble() as ollama:
        environ = debugging(
            OLLAMA_HOST=ollama.url,
            UPSTREAM_OPENAI_BASE_URL=f"{rude.url}/v1",
            TRACING__ENDPOINT=otlp.url,
        )
        with with_password() as url, logged(environ | {"DATABASE_URL": url}, tmp_path) as written:
            async with live_server(tmp_path, DATABASE_URL=url, **environ) as live:
                places = await told(live, ollama)
    assert "DEBUG" in written.getvalue()
    assert "UpstreamError" in places[0]
    keys = (environ["SECRET_KEY"], environ["CREDENTIALS__KEYS"], STORED, DATABASE, SCRAPE)
    own = (PROMPT, NAME, TEXT, ARGUMENT, ANSWER, SECRET, PASSWORD)
    for place in (written.getvalue(), otlp.raw, *places):
        assert [one for one in (*keys, *own) if one in place] == []
