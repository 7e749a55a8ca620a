"""A server that dies without a word takes its sandboxes with it, and the next one sweeps its copies."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from backend.sandbox.staging import Staging
from tests.fakes.left_processes import all_gone, sandbox_processes
from tests.fakes.processes import ROOT, clean_environment, required_program

SERVER = """
import asyncio, sys
from pathlib import Path
from backend.ports.sandbox import CodeJob, InputFile
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.limits import SandboxOptions
from tests.fakes.left_processes import sandbox_processes

CODE = "import os, time\\nos.fork()\\nos.setsid() if os.getpid() > 3 else None\\ntime.sleep(600)"

async def serve():
    sandbox = Bubblewrap(SandboxOptions(folder=Path(sys.argv[1])))
    given = InputFile(name="a.txt", path=Path(sys.argv[2]))
    call = asyncio.create_task(sandbox.run(CodeJob(code=CODE, files=(given,))))
    while len(sandbox_processes()) < 4 and not call.done():
        await asyncio.to_thread(sandbox_processes)
    print("running", flush=True)
    await call

asyncio.run(serve())
"""


def test_nothing_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    """Processes end with it; its staging folder goes when the next server starts."""
    required_program("bwrap")
    upload = tmp_path / "upload"
    upload.write_text("secret", encoding="utf-8")
    folder = tmp_path / "sandbox"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(upload)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_environment({}),
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdout.readline() == "running\n"
    assert len(sandbox_processes()) >= 5
    server.send_signal(signal.SIGKILL)
    server.communicate(timeout=60)
    assert asyncio.run(all_gone())
    assert len(list(folder.glob("box_*/run_*/0"))) == 1
    staging = Staging(folder)
    assert list(folder.iterdir()) == [staging.folder]
    staging.close()
