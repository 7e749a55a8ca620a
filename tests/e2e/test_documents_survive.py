"""Documents through the real programs: a server that is killed in the middle loses and doubles nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import ROOT, running_program
from tests.fakes.sample_files import pdf_of_lines

LISTENS = "Steward listens on "
PASSWORD = "a password for documents"
PAGES, LINES = 60, 30
NEEDLE = "The spare key of the boathouse hangs behind the third oar."


def long_pdf() -> bytes:
    """A report that takes seconds to embed, with one sentence worth finding."""
    pages = [
        [
            f"Entry {page}.{line}: the pump at berth {page * line % 97} ran for {line + 3} hours and was oiled."
            for line in range(LINES)
        ]
        for page in range(PAGES)
    ]
    pages[41][7] = NEEDLE
    return pdf_of_lines(pages)


@contextmanager
def server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run the server as a person would; give its process and a client that is logged in."""
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "OLLAMA_HOST": "127.0.0.1:9",
    }
    started = running_program(
        str(ROOT / "run_backend.py"), folder=folder, ready=LISTENS, environ=environ
    )
    with started as (process, line):
        url = line.rpartition(LISTENS)[2].strip()
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            body = {"username": "admin", "password": PASSWORD}
            token = client.post("/api/auth/login", json=body).json()["access_token"]
            client.headers["authorization"] = f"Bearer {token}"
            yield process, client


def states(client: httpx.Client, file_id: str) -> Iterator[dict]:
    """Follow a file's reading by its events."""
    with client.stream("GET", f"/api/files/documents/{file_id}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc")
def test_a_killed_server_goes_on_with_an_upload_where_it_was(tmp_path):
    """kill -9 while a document is embedded; after the next start it becomes ready, without a chunk twice."""
    form = {"file": ("log.pdf", long_pdf(), "application/pdf")}
    with server(tmp_path) as (process, client):
        sent = client.post("/api/files/upload?wait=0", files=form)
        file_id = sent.json()["file_id"]
        assert sent.json()["state"] == "processing"
        for seen in states(client, file_id):
            if seen["state"] == "embedding" and 0.1 < seen["progress"] < 1:
                break
        told = [Path(f"/proc/{one}/environ").read_text() for one in children_of(process.pid)]
        os.kill(process.pid, signal.SIGKILL)
    assert told
    assert not any(PASSWORD in one for one in told)

    with server(tmp_path) as (_, client):
        *_, last = (seen for seen in states(client, file_id) if "state" in seen)
        document = client.get(f"/api/files/documents/{file_id}").json()
        assert (document["state"], document["pages"]) == ("ready", PAGES)
        found = client.post("/api/files/search", json={"query": "where is the spare boathouse key"})
        results = found.json()["results"]
        assert NEEDLE in results[0]["text"].replace("\n", " ")
        assert results[0]["page"] == 42
        spans = [(one["start"], one["end"]) for one in results]
        assert len(set(spans)) == len(spans)
        again = client.post("/api/files/upload", files=form).json()
        assert (again["file_id"], again["state"]) == (file_id, "ready")
        chunks = client.get(f"/api/files/documents/{file_id}").json()["chunks"]
        assert chunks == document["chunks"]
        assert client.delete(f"/api/files/documents/{file_id}").status_code == 204
        assert client.get(f"/api/files/documents/{file_id}").status_code == 404
    assert not list((tmp_path / "data" / "uploads").rglob("file-*"))
    assert last["state"] == "ready"


def test_a_server_that_is_stopped_lets_go_who_waits_for_a_document(tmp_path):
    """SIGTERM answers a waiting upload at once, ends the events, and leaves no trace-back behind."""
    form = {"file": ("log.pdf", long_pdf(), "application/pdf")}
    with server(tmp_path) as (process, client), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, "/api/files/upload?wait=600", files=form)
        listed: list[dict] = []
        while not listed:
            listed = client.get("/api/files/documents").json()["documents"]
        for seen in states(client, listed[0]["file_id"]):
            if seen.get("state") == "embedding" and seen["progress"] > 0:
                process.send_signal(signal.SIGTERM)
        assert waiting.result(timeout=60).json()["state"] == "processing"
        assert process.wait(timeout=15) == 0
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()
