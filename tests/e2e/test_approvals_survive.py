"""Approvals through the real program: a run that waits outlives a server that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import ROOT, running_program

LISTENS = "Steward listens on "
PASSWORD = "a password for approvals"
ASK: dict[str, Any] = {
    "model": "builtin@react",
    "messages": [{"role": "user", "content": "What is 12*(3+4)?"}],
    "store": True,
}


@contextmanager
def server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run the server with a rule that asks; give its process and a client that is logged in."""
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "OLLAMA_HOST": "127.0.0.1:9",
        "APPROVALS__RULES": "math_calc=ask",
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


def asked(client: httpx.Client) -> Any:
    """Ask, and give the answer that waits."""
    answer = client.post("/v1/chat/completions", json=ASK).json()
    assert answer["x_agent"]["state"] == "waiting", answer
    return answer


def test_a_run_that_waits_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    """Two wait; one is decided after the restart, one after another, with a new run in between."""
    with server(tmp_path) as (process, client):
        first, second = asked(client), asked(client)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=180)
    for answer in (first, second):
        with server(tmp_path) as (process, client):
            run_id = answer["x_agent"]["run_id"]
            assert client.get(f"/api/runs/{run_id}").json()["state"] == "waiting"
            asked(client)
            [call] = client.get(f"/api/runs/{run_id}/approvals").json()
            address = f"/api/runs/{run_id}/approvals/{call['call_id']}"
            assert client.post(address, json={"decision": "approve"}).status_code == 200
            assert '"state":"completed"' in client.get(f"/api/runs/{run_id}/events").text
            session = client.get(f"/api/conversations/{answer['x_session_id']}").json()
            [_, said] = session["messages"]
            assert (said["state"], "84" in said["message"]["content"]) == ("completed", True)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=180)
