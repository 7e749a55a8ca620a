"""Another time for the processes of a test: what a machine with a wrong clock tells."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fakes.processes import ROOT

# Read by every Python below a folder that is on PYTHONPATH.
_OTHER_TIME = """
import time
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {ahead_s}
time.time_ns = lambda: _time_ns() + {ahead_s} * 10**9
"""


def with_clock_ahead(folder: Path, seconds: int) -> dict[str, str]:
    """Give the environment of a process whose clock is so many seconds ahead, in a folder of its own."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_OTHER_TIME.format(ahead_s=seconds))
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
