"""Start the processes a benchmark needs and read what they cost from /proc."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGESIZE")


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Server:
    """A process we started that serves HTTP, with all its children."""

    process: subprocess.Popen[bytes]
    url: str
    started_s: float

    def cpu_s(self) -> float:
        """Give the CPU seconds used so far by the whole tree."""
        return sum(_cpu_s(pid) for pid in _tree(self.process.pid))

    def rss_mib(self) -> float:
        """Give the resident memory of the whole tree in MiB."""
        return sum(_rss_bytes(pid) for pid in _tree(self.process.pid)) / 2**20

    def stop(self) -> None:
        """End the process, and what it started if that outlives it."""
        started = _tree(self.process.pid)[1:]
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def serve(
    command: Sequence[str], *, port: int, env: Mapping[str, str], probe: str = "/health"
) -> Server:
    """Start a server of this project with this Python; its errors go where ours go."""
    ours = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env}
    return launch([sys.executable, *command], port=port, env=ours, probe=probe)


def launch(
    command: Sequence[str],
    *,
    port: int,
    env: Mapping[str, str],
    probe: str,
    folder: Path | None = None,
    within_s: float = 60,
) -> Server:
    """Start a server and wait until it answers; `started_s` is how long that took.

    With a folder it runs there and all it prints goes to server.log in it.
    """
    with (folder / "server.log" if folder else Path(os.devnull)).open("ab") as log:
        begun_s = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder or ROOT,
            env=env,
            stdout=log,
            stderr=log if folder else None,
        )
    url = f"http://127.0.0.1:{port}"
    while time.perf_counter() - begun_s < within_s:
        try:
            with urllib.request.urlopen(url + probe, timeout=1):
                return Server(process, url, time.perf_counter() - begun_s)
        except urllib.error.HTTPError:
            return Server(process, url, time.perf_counter() - begun_s)
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.01)
    process.kill()
    process.wait()
    said = (folder / "server.log").read_text(errors="replace")[-300:].strip() if folder else ""
    msg = f"{' '.join(command)} did not start within {within_s:.0f} s; {said}".removesuffix("; ")
    raise RuntimeError(msg)


def _tree(pid: int) -> list[int]:
    pids = [pid]
    for at in pids:
        try:
            children = Path(f"/proc/{at}/task/{at}/children").read_text().split()
        except OSError:
            continue
        pids.extend(int(child) for child in children)
    return pids


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
