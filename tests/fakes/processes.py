"""Starts the real programs of the repository in their own process, for tests from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def required_program(name: str) -> str:
    """Find a program of the system; where it is missing the test is skipped, but fails under CI."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI") == "true":  # noqa: TID251 - a harness
        pytest.fail(f"{name} is not installed; .ci/run installs what tests need")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def clean_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Pass on only what a process needs, and what the test gives."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}  # noqa: TID251 - a harness
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **given}


def run_program(
    *arguments: str, folder: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python <arguments>` in a folder to its end, three minutes at most."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environment(environ or {}),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@contextmanager
def running_program(
    *arguments: str, folder: Path, ready: str, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `python <arguments>` and yield it with its first output line that holds `ready`."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environment(environ or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    seen: list[str] = []
    try:
        for line in process.stdout:
            seen.append(line)
            if ready in line:
                break
        else:
            msg = f"the program ended before it was ready: {''.join(seen)}"
            raise AssertionError(msg)
        yield process, line
    finally:
        process.terminate()
        process.communicate(timeout=180)
