"""Keeping files that tools made: what comes in is a stranger's, what goes out is its owner's."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.kit.clocks import SteppedClock
from backend.kit.owned_folder import OwnedFolder
from backend.kit.signed_links import LinkSigner
from backend.ports.artifacts import Origin
from backend.ports.sandbox import MadeFile
from backend.ports.stores import User
from backend.storage.artifact_keeper import ArtifactKeeper, KeeperOptions
from backend.storage.stores import Stores, memory_stores

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
BOB = Origin(user_id="bob", run_id="run_1")


@pytest.fixture
async def stores() -> Stores:
    made = memory_stores()
    for name in ("bob", "ann"):
        await made.users.add(User(id=name, username=name, password_hash="-"))
    return made


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def keeper(stores: Stores, clock: SteppedClock, tmp_path: Path) -> ArtifactKeeper:
    options = KeeperOptions(
        public_url="https://steward.example",
        max_files_per_call=2,
        max_file_bytes=100,
        max_bytes_per_user=150,
        link_ttl_s=60,
    )
    signer = LinkSigner("s" * 40, purpose="artifacts", clock=clock)
    root = tmp_path / "artifacts"
    return ArtifactKeeper(
        stores.artifacts, root, OwnedFolder(root), signer=signer, clock=clock, options=options
    )


async def test_a_kept_file_is_given_back_to_its_owner_alone(keeper, tmp_path):
    """Its bytes are readable by the server's own account only."""
    kept = await keeper.keep(BOB, [MadeFile(name="chart.png", data=PNG)])
    (chart,) = kept.artifacts
    assert (chart.filename, chart.media_type, kept.refused) == ("chart.png", "image/png", ())
    artifact, path = await keeper.content("bob", chart.id)
    assert (artifact, path.read_bytes()) == (chart, PNG)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert await keeper.content("ann", chart.id) is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\x.exe", "x.exe"),
        ("", "file"),
        ("..", "file"),
        ("a\x00b\nc.txt", "ab c.txt"),
        ("x" * 400 + ".png", "x" * 255),
    ],
)
async def test_a_name_is_only_shown(keeper, tmp_path, given, shown):
    """It never becomes a path."""
    kept = await keeper.keep(BOB, [MadeFile(name=given, data=b"data")])
    assert kept.artifacts[0].filename == shown
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in held] == [kept.artifacts[0].id]


async def test_what_is_too_large_too_many_or_over_the_quota_is_told(keeper, tmp_path):
    """The rest is kept all the same."""
    one = MadeFile(name="big.bin", data=bytes(101))
    kept = await keeper.keep(BOB, [one, MadeFile(name="a.txt", data=b"a" * 90), one])
    assert [artifact.filename for artifact in kept.artifacts] == ["a.txt"]
    assert kept.refused == (
        'The file "big.bin" was not kept: it has 101 bytes, more than 100.',
        "1 more files were not kept: at most 2 are kept of one call.",
    )
    full = await keeper.keep(BOB, [MadeFile(name="b.txt", data=b"b" * 90)])
    assert full.artifacts == ()
    assert "150 may be kept" in full.refused[0]
    assert len([path for path in tmp_path.rglob("art_*") if path.is_file()]) == 1


async def test_a_link_opens_one_artifact_for_a_while(keeper, clock):
    """Not a second longer, and no other artifact."""
    kept = await keeper.keep(BOB, [MadeFile(name="a", data=b"1"), MadeFile(name="b", data=b"2")])
    first, second = kept.artifacts
    address, _, key = keeper.link(first).partition("?key=")
    assert address == f"https://steward.example/api/artifacts/{first.id}"
    assert await keeper.by_link(first.id, key) == first
    assert await keeper.by_link(second.id, key) is None
    clock.step(60)
    assert await keeper.by_link(first.id, key) is None


async def test_bytes_whose_rows_are_gone_are_erased_and_others_are_not(keeper, stores, tmp_path):
    """With an account its files go."""
    bobs = (await keeper.keep(BOB, [MadeFile(name="a", data=b"1")])).artifacts[0]
    anns = (await keeper.keep(Origin(user_id="ann"), [MadeFile(name="a", data=b"1")])).artifacts[0]
    assert await keeper.tidy() == 0
    await stores.users.delete("bob")
    assert await keeper.tidy("ann") == 0
    assert await keeper.tidy("bob") == 1
    assert [path.name for path in tmp_path.rglob("art_*")] == [anns.id]
    assert bobs.id != anns.id


async def test_a_deleted_artifact_leaves_no_bytes(keeper, tmp_path):
    """And only its owner deletes it."""
    (one,) = (await keeper.keep(BOB, [MadeFile(name="a", data=b"1")])).artifacts
    assert await keeper.delete("ann", one.id) is False
    assert await keeper.delete("bob", one.id) is True
    assert list(tmp_path.rglob("art_*")) == []


async def test_a_disk_that_refuses_leaves_no_row(keeper, tmp_path):
    """A row without bytes would be a link to nothing."""
    (tmp_path / "artifacts").write_text("a file stands where the folder should be")
    kept = await keeper.keep(BOB, [MadeFile(name="a", data=b"1")])
    assert kept.artifacts == ()
    assert "the disk refused it" in kept.refused[0]
    assert list(await keeper.list("bob")) == []


async def test_what_was_being_written_when_a_server_died_is_erased(keeper, tmp_path):
    """By the next one at its start; `tidy` leaves it alone, as it runs beside those that write."""
    kept = await keeper.keep(BOB, [MadeFile(name="a.png", data=PNG)])
    half = tmp_path / "artifacts" / ".incoming" / "art_half"
    half.write_bytes(b"half")
    assert await keeper.tidy() == 0
    assert half.exists()
    assert (keeper.start_clean(), keeper.start_clean()) == (1, 0)
    assert not half.exists()
    assert [one.filename for one in kept.artifacts] == ["a.png"]
