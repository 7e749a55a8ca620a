"""The page's own unit tests, run by Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.fakes.processes import required_program

ROOT = Path(__file__).resolve().parents[2]


def test_the_units_of_the_page_pass() -> None:
    """Streams cut anywhere, Markdown, links, the replay of answers."""
    node = required_program("node")
    files = sorted(str(path) for path in (ROOT / "tests" / "frontend").glob("*.test.js"))
    done = subprocess.run(
        [node, "--test", *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "# fail 0" in done.stdout
