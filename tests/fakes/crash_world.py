"""A server that may die at any moment, with a model server and a folder that outlive it."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.marking_tool import EFFECTS
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import OllamaDouble
from tests.fakes.processes import ROOT, running_program
from tests.fakes.ready_database import lay_database

LISTENS = "Steward listens on "
PASSWORD = "a password for crashes"


@dataclass(slots=True)
class World:
    """A folder, a model server that outlives the servers, and what it is to answer."""

    folder: Path
    double: OllamaDouble
    run: Callable[..., Any]
    environ: dict[str, str] = field(default_factory=dict[str, str])

    @contextmanager
    def server(self) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
        """Run the server; give its process and a client that is logged in."""
        environ = {
            "ADMIN_PASSWORD": PASSWORD,
            "SERVER_PORT": "0",
            "AUTH__BCRYPT_ROUNDS": "10",
            "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
            "OLLAMA_HOST": self.double.url,
            "SERVER__FIRST_BYTE_WAIT_S": "0.1",
            "TOOLS__COMMUNITY__IMPORTS": "tests.fakes.marking_tool:mark",
            "APPROVALS__RULES": "mark=allow",
            **self.environ,
        }
        program = str(ROOT / "run_backend.py")
        lay_database(self.folder / "data")
        with ExitStack() as stack:
            started = running_program(program, folder=self.folder, ready=LISTENS, environ=environ)
            process, line = stack.enter_context(started)
            url = line.rpartition(LISTENS)[2].strip()
            client = httpx.Client(base_url=url, trust_env=False, timeout=60)
            stack.enter_context(client)
            body = {"username": "admin", "password": PASSWORD}
            token = client.post("/api/auth/login", json=body).json()["access_token"]
            client.headers["authorization"] = f"Bearer {token}"
            yield process, client

    @property
    def effects(self) -> list[str]:
        """Give what the tool had its effect on."""
        path = self.folder / EFFECTS
        return path.read_text().splitlines() if path.exists() else []


def journaled(folder: Path, words: str) -> None:
    """Wait until a server has written these words down."""
    end = time.monotonic() + 20
    with closing(sqlite3.connect(folder / "data" / "steward.db", timeout=20)) as database:
        while True:
            [[found]] = database.execute(
                "SELECT coalesce(group_concat(entries), '') FROM run_journal"
            )
            if words in found:
                return
            assert time.monotonic() < end, found
            time.sleep(0.05)
