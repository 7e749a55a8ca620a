"""Limited Python: what it can, what it cannot, and that nothing makes it run on."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from backend.ports.sandbox import CodeJob, InputFile, SandboxReport
from backend.sandbox.monty import LACKS, Monty
from tests.fakes.left_processes import all_gone, resident_kib, sandbox_processes
from tests.unit.sandbox.conftest import SMALL

MEMORY_ALLOWED_KIB = 64 * 1024


@pytest.fixture
async def monty(options):
    made = Monty(replace(options, limits=replace(SMALL, timeout_s=1.0)))
    yield made
    await made.aclose()


async def test_its_test_passes_and_says_what_it_lacks(monty) -> None:
    """The model must know before it writes code."""
    assert await monty.ready() == SandboxReport(kind="limited", detail=f"pydantic-monty: {LACKS}")


@pytest.mark.parametrize(
    ("code", "stdout", "value"),
    [
        ("print('a')\n40 + 2", "a\n", "42"),
        ("x = [1,\n  2]\nx  # the value", "", "[1, 2]"),
        ("'ü' + 'ö'; 'é'", "", "'é'"),
        ("x = 1", "", ""),
        ("None", "", ""),
        ("import json, math, re\njson.dumps({'a': math.floor(2.5)})", "", "'{\"a\": 2}'"),
        ("class A:\n    def __init__(self): self.x = 3\nA().x", "", "3"),
    ],
)
async def test_output_and_value_come_back(monty, code, stdout, value) -> None:
    """As from full Python."""
    outcome = await monty.run(CodeJob(code=code))
    assert (outcome.exit, outcome.stdout, outcome.value) == ("ok", stdout, value), outcome


@pytest.mark.parametrize(
    ("code", "exit_", "error"),
    [
        ("1/0", "exception", "    1/0\nZeroDivisionError: division by zero"),
        ("x = = 1", "exception", "SyntaxError"),
        ("import numpy", "exception", "No module named 'numpy'"),
        ("import socket", "exception", "No module named 'socket'"),
        ("import subprocess", "exception", "No module named 'subprocess'"),
        ("open('/etc/passwd').read()", "exception", "Permission|No such file|NotFound"),
        ("import os; os.listdir('/')", "exception", ""),
        ("while True: pass", "time", ""),
        ("import time; time.sleep(60)", "time", ""),
        ("while True: print('x' * 1000)", "output", "wrote more than 20000"),
        ("def f(): return f()\nf()", "exception", "RecursionError"),
        ("x = [0]\nwhile True: x = x + x", "memory", "MemoryError"),
        ("'x' * 10**10", "memory", "MemoryError"),
        ("9**9**9", "memory", ""),
        ("[0] * 5_000_000", "ok", ""),
        ("raise TimeoutError('mine')", "exception", "TimeoutError: mine"),
    ],
)
async def test_everything_else_is_refused_or_bounded(monty, code, exit_, error) -> None:
    """The server neither waits, nor grows, nor keeps a process."""
    before_kib = resident_kib()
    outcome = await monty.run(CodeJob(code=code))
    assert outcome.exit == exit_, outcome
    assert any(part in outcome.error for part in error.split("|")), outcome
    assert await all_gone()
    assert resident_kib() - before_kib < MEMORY_ALLOWED_KIB
    assert len(outcome.value) <= SMALL.value_chars


async def test_given_files_can_be_read_only(monty, given: InputFile) -> None:
    """By their names, in the working folder."""
    read = CodeJob(code="open('given.txt').read()", files=(given,))
    assert (await monty.run(read)).value == repr("a,b\n1,2\n")
    write = CodeJob(code="open('given.txt', 'w').write('x')", files=(given,))
    assert "Read-only" in (await monty.run(write)).error
    assert given.path.read_text(encoding="utf-8") == "a,b\n1,2\n"


async def test_a_file_that_cannot_be_copied_is_told(monty, tmp_path) -> None:
    """In words, and without a path of this machine."""
    gone = InputFile(name="f", path=tmp_path / "none")
    outcome = await monty.run(CodeJob(code="1", files=(gone,)))
    assert (
        outcome.error == "Nothing was run: the files cannot be copied: No such file or directory."
    )


async def test_earlier_code_is_run_unseen(monty) -> None:
    """And told where it fails now."""
    outcome = await monty.run(CodeJob(code="y + 1", earlier=("print('loud')\ny = 1", "1/0")))
    assert (outcome.stdout, outcome.value) == ("", "2")
    assert outcome.notes[0].startswith("earlier code 2 failed when it was run again")


async def test_cancelling_ends_the_worker(monty) -> None:
    """At once, and with it what was staged."""
    call = asyncio.create_task(monty.run(CodeJob(code="while True: pass", timeout_s=1.0)))
    while not sandbox_processes() and not call.done():
        await asyncio.to_thread(sandbox_processes)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await all_gone()
    assert [one.name for one in monty._staging.folder.iterdir()] == ["steward.lock"]


async def test_a_file_that_was_erased_just_now_is_said_in_words(monty, tmp_path) -> None:
    """Nothing of the place where it lay."""
    gone = InputFile(name="sales.csv", path=tmp_path / "gone")
    outcome = await monty.run(CodeJob(code="1", files=(gone,)))
    assert (outcome.exit, outcome.error) == (
        "exception",
        "Nothing was run: the files cannot be copied: No such file or directory.",
    )
