"""Which way of running is chosen, and what is said of it; the self-test is the judge."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backend.ports.sandbox import CodeJob, SandboxUnavailable
from backend.sandbox.bubblewrap import Bubblewrap
from backend.sandbox.choice import ChosenSandbox
from backend.sandbox.mending import mend
from backend.sandbox.selftest import test_walls as try_walls
from backend.sandbox.staging import Staging
from tests.fakes.left_processes import sandbox_processes
from tests.fakes.processes import required_program
from tests.unit.sandbox.conftest import SITE


@pytest.fixture
async def chosen(options):
    made = ChosenSandbox(options)
    yield made
    await made.aclose()


async def test_the_walls_hold_and_full_python_is_chosen(chosen: ChosenSandbox) -> None:
    """Once, for all who wait; a caller that stops waiting does not end the test for the others."""
    required_program("bwrap")
    impatient = asyncio.create_task(chosen.ready())
    others = [asyncio.create_task(chosen.ready()) for _ in range(3)]
    await asyncio.wait({impatient}, timeout=0.02)
    impatient.cancel()
    reports = await asyncio.gather(*others)
    assert {one.kind for one in reports} == {"full"}
    assert reports[0] is reports[1]
    assert reports[0].packages == ()
    assert "standard library alone" in reports[0].detail
    assert (await chosen.run(CodeJob(code="6 * 7"))).value == "42"
    assert sandbox_processes() == []


async def test_packages_are_reported(options) -> None:
    """Those that can be imported."""
    required_program("bwrap")
    if not SITE.is_dir():
        pytest.skip("make sandbox has not run")
    chosen = ChosenSandbox(
        replace(options, site_dir=SITE, limits=replace(options.limits, memory_bytes=1 << 30))
    )
    report = await chosen.ready()
    assert {"numpy", "pandas", "matplotlib", "scipy", "sympy", "openpyxl"} <= set(report.packages)
    await chosen.aclose()


async def test_packages_of_another_python_are_not_reported(options, tmp_path) -> None:
    """A folder made by another interpreter would only fail later."""
    required_program("bwrap")
    package = tmp_path / "site" / "numpy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('built for another')", encoding="utf-8")
    (tmp_path / "site").chmod(0o755)
    chosen = ChosenSandbox(replace(options, site_dir=tmp_path / "site"))
    report = await chosen.ready()
    assert (report.kind, report.packages) == ("full", ())
    assert "make sandbox" in report.detail
    await chosen.aclose()


PYTHON = Path(sys.executable).resolve()
BROKEN = """#!{python} -IS
import os, sys
given = sys.argv[1:]
if "--help" not in given:
    {change}
os.execv("{bwrap}", ["bwrap", *given])
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('at = given.index("--seccomp"); del given[at : at + 2]', "network|namespaces"),
        ('given[-7] = "4096"', "processes are not bounded"),
        ('at = given.index("--chdir") - 2; given[at:at] = ["--ro-bind", "/etc", "/etc"]', "host file"),
        ('given[:0] = ["--unknown-option"]', "nknown option"),
    ],
)  # fmt: skip
async def test_a_wall_that_does_not_hold_is_found(
    options, tmp_path, monkeypatch, change, said
) -> None:
    """Each is left out once, by a bubblewrap that does less than it is told."""
    broken = tmp_path / "programs" / "bwrap"
    broken.parent.mkdir()
    real = required_program("bwrap")
    text = BROKEN.format(python=PYTHON, bwrap=real, change=change)
    broken.write_text(text, encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/usr/bin:/bin")
    sandbox = Bubblewrap(options)
    with pytest.raises(SandboxUnavailable, match=said):
        await try_walls(sandbox)
    await sandbox.aclose()


async def test_without_bubblewrap_limited_python_takes_over(options, monkeypatch) -> None:
    """And says why it is not the full one."""
    monkeypatch.setenv("PATH", "/nowhere")
    chosen = ChosenSandbox(options)
    report = await chosen.ready()
    assert report.kind == "limited"
    assert "apt-get install bubblewrap" in report.detail
    assert (await chosen.run(CodeJob(code="6 * 7"))).value == "42"
    await chosen.aclose()


async def test_with_neither_nothing_is_run(options, monkeypatch) -> None:
    """Never a plain process: every call is refused with the reasons."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("MONTY_BIN", "/nowhere/monty")
    chosen = ChosenSandbox(options)
    for call in (chosen.ready(), chosen.run(CodeJob(code="1"))):
        with pytest.raises(
            SandboxUnavailable, match=r"bubblewrap is not installed.*limited Python is no way out"
        ):
            await call
    await chosen.aclose()


REFUSED = """#!/bin/sh
for one; do [ "$one" = --help ] && exec {bwrap} --help; done
echo "bwrap: setting up uid map: Permission denied" >&2
exit 1
"""


async def test_a_refused_wall_is_a_reason_and_nothing_else(
    options, tmp_path, monkeypatch, caplog
) -> None:
    """As under the AppArmor of Ubuntu; the program that ended by itself is not taken for a lost one."""
    refusing = tmp_path / "programs" / "bwrap"
    refusing.parent.mkdir()
    refusing.write_text(REFUSED.format(bwrap=required_program("bwrap")), encoding="utf-8")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:/usr/bin:/bin")
    sandbox = Bubblewrap(options)
    for _ in range(10):
        with pytest.raises(SandboxUnavailable, match=r"^bwrap: setting up uid map"):
            await sandbox.run(CodeJob(code="1"))
    await sandbox.aclose()
    assert [one.getMessage() for one in caplog.records] == []


STUCK = "#!/bin/sh\nexec sleep 30\n"


async def test_a_bubblewrap_that_does_not_answer_is_a_reason(
    options, tmp_path, monkeypatch
) -> None:
    """It holds up nobody for long, and limited Python takes over."""
    stuck = tmp_path / "programs" / "bwrap"
    stuck.parent.mkdir()
    stuck.write_text(STUCK, encoding="utf-8")
    stuck.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stuck.parent}:/usr/bin:/bin")
    chosen = ChosenSandbox(options)
    report = await chosen.ready()
    assert report.kind == "limited"
    assert "bwrap does not run, not even with --help" in report.detail
    await chosen.aclose()


async def test_a_folder_that_cannot_be_used_is_a_reason(options, tmp_path) -> None:
    """Said once, without its path, as anybody may read `/health`, and without advice on namespaces."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    chosen = ChosenSandbox(replace(options, folder=tmp_path / "file" / "sandbox"))
    with pytest.raises(SandboxUnavailable) as refused:
        await chosen.ready()
    assert str(refused.value) == (
        "the folder sandbox in DATA_DIR cannot be used: Not a directory; "
        "this server must write there"
    )
    await chosen.aclose()


def test_what_a_dead_server_left_is_swept(tmp_path) -> None:
    """By the next one, and only what no living server holds."""
    living = Staging(tmp_path)
    dead = tmp_path / "box_dead" / "run_1"
    dead.mkdir(parents=True)
    (dead / "0").write_text("copy", encoding="utf-8")
    next_one = Staging(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {living.folder.name, next_one.folder.name}
    for one in (living, next_one):
        one.close()
    assert list(tmp_path.iterdir()) == []


def test_a_reason_about_other_things_is_left_alone() -> None:
    """Advice on namespaces is given where namespaces are the matter."""
    for reason in (
        "bubblewrap is not installed; on Debian or Ubuntu: apt-get install bubblewrap",
        "the folder sandbox in DATA_DIR cannot be used: Permission denied; this server must write there",
        "the sandbox does not hold here: namespaces",
    ):
        assert mend(reason) == reason
