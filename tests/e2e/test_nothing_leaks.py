"""Canary secrets and prompts through a whole server: they stand in no log, no figures, no spans, no answers of others."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from backend.config.logging import configure_logging
from backend.config.settings import load_settings
from tests.fakes.completions import CHAT
from tests.fakes.faulty_server import FaultyServer
from tests.fakes.live_server import PASSWORD, LiveServer, live_server
from tests.fakes.otlp_double import OtlpDouble

KEY = "canaryupstreamkey4711"
COLLECTOR = "canarycollectorkey4711"
SCRAPE = "canaryscrapetoken4711"
PROMPT = "canaryprompt4711"
TOKEN = "canaryurltoken4711"
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
        told = f"{request.headers['authorization']} {KEY} sent {await request.text()}"
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
