"""The keys of credentials, changed by real processes at the same moment, or by one that is killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.bootstrap.databases import open_all_stores
from backend.config.credential_keys import (
    FILE_NAME,
    KeysUnusable,
    changing_keys,
    credential_keys,
    sealing,
)
from backend.config.settings import Settings, load_settings
from backend.kit.sealing import Sealer
from backend.ports.credentials import SealedCredential
from tests.fakes.processes import clean_environment, run_program

ROTATE = ("-m", "backend", "rotate-credentials")
AT_ONCE = 4
CREDENTIALS = 40


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Keep credentials in a folder."""
    folder = tmp_path / "data"
    found = load_settings(env_file=tmp_path / "no.env", environ={"DATA_DIR": str(folder)})
    asyncio.run(_fill(found))
    return found


async def _fill(settings: Settings) -> None:
    stores = await open_all_stores(settings, demo=False)
    sealer = Sealer(credential_keys(settings, make=True))
    for at in range(CREDENTIALS):
        name = f"TOOLS__NAME_{at}"
        told = {"hint": "", "updated_at_ms": 1, "updated_by": "ann"}
        await stores.credentials.put(SealedCredential(name=name, sealed=sealer.seal(name), **told))
    await stores.aclose()


async def _opened(settings: Settings) -> list[str]:
    stores = await open_all_stores(settings, demo=False)
    sealer = Sealer(credential_keys(settings))
    rows = await stores.credentials.list()
    await stores.aclose()
    return [one.name for one in rows if sealer.open(one.sealed) == one.name]


def _rotating(settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *ROTATE],
        cwd=settings.data_dir.parent,
        env=clean_environment({"DATA_DIR": str(settings.data_dir)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _waits(pid: int) -> bool:
    """Tell whether a process waits for a lock, as Linux tells."""
    locks = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and f" {pid} " in line for line in locks)


def _ended(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    told = [one.communicate(timeout=60)[0] for one in processes]
    return [(one.returncode, text) for one, text in zip(processes, told, strict=True)]


def test_several_rotations_at_the_same_moment_lose_nothing(settings: Settings) -> None:
    """Each waits for the one before it; in the end the newest key opens everything."""
    ends = _ended([_rotating(settings) for _ in range(AT_ONCE)])
    done = f"{CREDENTIALS} credentials are sealed with the newest key\n"
    assert ends == [(0, done)] * AT_ONCE
    assert len(asyncio.run(_opened(settings))) == CREDENTIALS
    assert len(credential_keys(settings)) == 2


def test_a_server_seals_nothing_while_the_keys_change_and_holds_them_until_it_is_stored(
    settings: Settings,
) -> None:
    """So that what it seals can be opened, however many rotations come."""
    with changing_keys(settings), pytest.raises(KeysUnusable, match="try again"), sealing(settings):
        pass
    before = credential_keys(settings)
    with sealing(settings), sealing(settings):
        waiting = _rotating(settings)
        while not _waits(waiting.pid):
            assert waiting.poll() is None, waiting.communicate()
        assert credential_keys(settings) == before
    [(code, _)] = _ended([waiting])
    assert (code, credential_keys(settings)[1:]) == (0, list(before))


def test_a_rotation_that_is_killed_leaves_everything_readable_and_is_done_again(
    settings: Settings,
) -> None:
    """At whatever step: its lock ends with it."""
    file = settings.data_dir / FILE_NAME
    for _ in range(3):
        known = file.read_text()
        process = _rotating(settings)
        while file.read_text() == known:
            assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
        assert len(asyncio.run(_opened(settings))) == CREDENTIALS
    again = run_program(
        *ROTATE, folder=settings.data_dir.parent, environ={"DATA_DIR": str(settings.data_dir)}
    )
    assert again.returncode == 0, again.stdout
    assert len(asyncio.run(_opened(settings))) == CREDENTIALS
    assert len(credential_keys(settings)) == 2
