"""What a server on SQLite has not loaded while nobody needs it: each of these costs memory for ever."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx

from tests.fakes.processes import ROOT, running_program

LISTENS = "Steward listens on "
LATE = (
    "alembic",
    "backend.storage.postgres_database",
    "backend.storage.postgres_signals",
    "cryptography.fernet",
    "langchain_core",
    "langgraph",
    "numpy",
    "obstore",
    "opentelemetry.exporter",
    "opentelemetry.sdk",
    "pgvector",
    "prometheus_client",
    "psycopg",
    "psycopg_pool",
)
PROGRAM = f"""
import runpy, signal, sys
loaded = lambda *_: print("loaded", sorted(set({LATE}) & set(sys.modules)), flush=True)
signal.signal(signal.SIGUSR1, loaded)
sys.path.insert(0, {str(ROOT)!r})
sys.argv = ["run_backend.py"]
runpy.run_path({str(ROOT / "run_backend.py")!r}, run_name="__main__")
"""


def test_a_server_on_sqlite_loads_no_part_that_it_does_not_use(tmp_path: Path) -> None:
    """A chat needs neither graphs nor PostgreSQL, figures nobody scrapes, spans nobody sees."""
    environ = {"ADMIN_PASSWORD": "a password for idling", "SERVER_PORT": "0"}
    environ |= {"OLLAMA_HOST": "127.0.0.1:9", "AUTH__BCRYPT_ROUNDS": "10"}
    program = running_program("-c", PROGRAM, folder=tmp_path, ready=LISTENS, environ=environ)
    with program as (process, line):
        url = line.rpartition(LISTENS)[2].strip()
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            login = {"username": "admin", "password": environ["ADMIN_PASSWORD"]}
            token = client.post("/api/auth/login", json=login).json()["access_token"]
            asked = {"model": "builtin@chat", "messages": [{"role": "user", "content": "Hello"}]}
            headers = {"authorization": f"Bearer {token}"}
            answer = client.post("/v1/chat/completions", json=asked, headers=headers)
            assert answer.status_code == 200, answer.text
        os.kill(process.pid, signal.SIGUSR1)
        assert process.stdout is not None
        told = next(line for line in process.stdout if line.startswith("loaded "))
    assert told == "loaded []\n"
