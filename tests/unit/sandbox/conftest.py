"""Full Python in the sandbox, with small limits; the way of running follows from who runs the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backend.ports.sandbox import CodeJob, CodeOutcome, InputFile
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.limits import MIB, RunLimits, SandboxOptions
from tests.fakes.left_processes import adopt_orphans
from tests.fakes.processes import ROOT, required_program

SMALL = RunLimits(
    timeout_s=20,
    cpu_s=10,
    memory_bytes=320 * MIB,
    processes=16,
    work_bytes=16 * MIB,
    temp_bytes=8 * MIB,
    work_files=500,
    output_bytes=20_000,
    made_files=5,
    made_file_bytes=MIB,
    made_total_bytes=2 * MIB,
    input_bytes=2 * MIB,
    input_files=4,
)
SITE = ROOT / ".sandbox" / "site"


@pytest.fixture(autouse=True)
def watched() -> None:
    """Tell what a test starts from what others have started before it."""
    adopt_orphans()


@pytest.fixture
def options(tmp_path: Path) -> SandboxOptions:
    return SandboxOptions(folder=tmp_path / "sandbox", concurrent=2, limits=SMALL)


@pytest.fixture
async def sandbox(options: SandboxOptions):
    required_program("bwrap")
    made = Bubblewrap(options)
    yield made
    await made.aclose()


@pytest.fixture
async def roomy(options: SandboxOptions):
    """With packages, and memory for them."""
    required_program("bwrap")
    if not SITE.is_dir():
        pytest.skip("make sandbox has not run")
    limits = replace(SMALL, memory_bytes=1024 * MIB)
    made = Bubblewrap(replace(options, site_dir=SITE, limits=limits))
    yield made
    await made.aclose()


@pytest.fixture
def given(tmp_path: Path) -> InputFile:
    path = tmp_path / "upload-1"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    path.chmod(0o600)
    return InputFile(name="given.txt", path=path)


@pytest.fixture
def run(sandbox: Bubblewrap):
    async def call(code: str, *files: InputFile, **job) -> CodeOutcome:
        return await sandbox.run(CodeJob(code=code, files=files, **job))

    return call
