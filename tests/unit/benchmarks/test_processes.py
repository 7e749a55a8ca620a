"""What is started for a benchmark is gone after it."""

from __future__ import annotations

import os
import select
import sys

from benchmarks.processes import free_port, launch
from tests.fakes.processes import clean_environment

PARENT = """
import http.server, pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
child = subprocess.Popen(["sleep", "60"])
pathlib.Path("child").write_text(str(child.pid))
print("it listens", flush=True)
http.server.HTTPServer(("127.0.0.1", PORT), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_server_does_not_leave_its_children_behind(tmp_path):
    """Also when it ends without ending them; what it says stands in its folder."""
    port = free_port()
    code = PARENT.replace("PORT", str(port))
    server = launch(
        [sys.executable, "-c", code],
        port=port,
        env=clean_environment({}),
        probe="/child",
        folder=tmp_path,
    )
    child = os.pidfd_open(int((tmp_path / "child").read_text()))
    try:
        server.stop()
        ended = select.select([child], [], [], 5)[0]
    finally:
        os.close(child)
    assert ended == [child]
    assert "it listens" in (tmp_path / "server.log").read_text()
