"""The real nginx with the repository's own nginx.conf, before servers of a test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.processes import ROOT

SERVER = "server backend:8000 resolve max_fails=1 fail_timeout=5s;"


def nginx_program() -> str:
    """Find nginx; where it is missing the test is skipped, but fails under CI."""
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None and os.environ.get("CI") == "true":  # noqa: TID251 - a harness
        pytest.fail("nginx is not installed; .ci/run installs what tests need")
    if found is None:
        pytest.skip("nginx is not installed")
    return found


def nginx_config(
    folder: Path, *, port: int, servers: Sequence[str], tls: Path | None = None
) -> Path:
    """Write nginx.conf for this machine: its paths, its port and its servers; nothing else changes."""
    text = (ROOT / "nginx.conf").read_text(encoding="utf-8").replace("/tmp/", f"{folder}/")
    named = "\n".join(f"server {one} max_fails=1 fail_timeout=5s;" for one in servers)
    for old, new in (
        (SERVER, named),
        ("resolver 127.0.0.11 valid=5s;", ""),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("include /etc/nginx/tls/*.conf;", f"include {tls or folder / 'tls'}/*.conf;"),
        ("worker_processes auto;", "worker_processes 1;\ndaemon off;\nuser root;"),
        ("/usr/share/nginx/html", str(ROOT / "frontend")),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    return path


def free_port() -> int:
    """Find a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextmanager
def running_nginx(folder: Path, servers: Sequence[str]) -> Iterator[str]:
    """Run nginx before servers (`host:port`); yield its address."""
    port = free_port()
    config = nginx_config(folder, port=port, servers=servers)
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(
            [nginx_program(), "-c", str(config), "-e", "stderr"], stdout=log, stderr=log
        )
    try:
        for _ in range(3_000):
            if process.poll() is not None:
                pytest.fail((folder / "nginx.log").read_text())
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=180)
