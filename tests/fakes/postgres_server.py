"""The real server and worker as processes on a PostgreSQL of the test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import ROOT, running_program

LISTENS = "Steward listens on "
LOOKS = "the worker looks for documents in"
PASSWORD = "a password for PostgreSQL"
KEY = "0123456789abcdef" * 4


def environment(url: str, **more: str) -> dict[str, str]:
    """Give the settings of a server or worker on a database."""
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": KEY,
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "OLLAMA_HOST": "127.0.0.1:9",
        **more,
    }


@contextmanager
def server_on(
    url: str, folder: Path, **more: str
) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run a server; give its process and a client of the administrator."""
    started = running_program(
        str(ROOT / "run_backend.py"), folder=folder, ready=LISTENS, environ=environment(url, **more)
    )
    with started as (process, line):
        address = line.rpartition(LISTENS)[2].strip()
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            token = log_in(client, "admin", PASSWORD)
            client.headers["authorization"] = f"Bearer {token}"
            yield process, client


@contextmanager
def worker_on(url: str, folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Run a worker apart; give its process."""
    arguments = ("-m", "backend", "worker")
    started = running_program(
        *arguments, folder=folder, ready=LOOKS, environ=environment(url, **more)
    )
    with started as (process, _):
        yield process


def log_in(client: httpx.Client, name: str, password: str) -> str:
    """Log in and give the access token."""
    body = {"username": name, "password": password}
    answer = client.post("/api/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
