"""What keeps files by owner and id: a folder, and a bucket of a real S3 server, each alike."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.kit.owned_bucket import FETCHING, YOUNG_S, BucketTrouble, OwnedBucket
from backend.kit.owned_files import OwnedFiles
from backend.kit.owned_folder import OwnedFolder
from tests.fakes.s3_double import s3_server, store_of

SPARED = ".incoming"
OLD_S = YOUNG_S + 60


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """One S3 server for all."""
    with s3_server() as address:
        yield address


@pytest.fixture
def ahead_s() -> list[float]:
    """How far the machines' clocks are ahead."""
    return [0.0]


@pytest.fixture
def tick(ahead_s: list[float]) -> Callable[[], None]:
    """Let more time pass than a row may take to be written."""
    return lambda: ahead_s.append(ahead_s.pop() + OLD_S)


@pytest.fixture
def bucket(s3: str, tmp_path: Path, ahead_s: list[float]) -> Callable[..., OwnedBucket]:
    """Make further machines that share one bucket, each with a cache of its own."""
    prefix = uuid.uuid4().hex

    def made(name: str, *, max_cache_bytes: int = 1_000_000) -> OwnedBucket:
        return OwnedBucket(
            store_of(s3, prefix),
            tmp_path / name,
            max_cache_bytes=max_cache_bytes,
            now_s=lambda: time.time() + ahead_s[0],
        )

    return made


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> OwnedFiles:
    """One that keeps nothing yet."""
    if request.param == "folder":
        return OwnedFolder(tmp_path / "kept")
    return request.getfixturevalue("bucket")("kept")


@pytest.fixture
def ready(tmp_path: Path) -> Callable[..., Path]:
    """Make finished files."""

    def made(content: bytes = b"bytes") -> Path:
        path = tmp_path / uuid.uuid4().hex
        path.write_bytes(content)
        return path

    return made


def test_what_is_put_is_found_and_taken_away(files: OwnedFiles, ready: Callable[..., Path]) -> None:
    """By owner and id, and by nothing else."""
    given = ready()
    files.put(given, owner_id="user_ann", file_id="file-1")
    found = files.fetch("user_ann", "file-1")
    assert found is not None
    assert (found.read_bytes(), given.exists()) == (b"bytes", False)
    assert found.stat().st_mode & 0o077 == 0 or found.parent.stat().st_mode & 0o077 == 0
    assert files.fetch("user_ann", "file-2") is None
    assert files.fetch("user_ben", "file-1") is None


@pytest.mark.parametrize("odd", ["..", "a/b", "", "a\x00b", "x" * 101, "."])
def test_an_id_that_is_no_id_is_never_a_path_or_key(files: OwnedFiles, odd: str) -> None:
    """Ids are made by the server; anything else is refused rather than joined."""
    for owner_id, file_id in (("user_ann", odd), (odd, "file-1")):
        with pytest.raises(ValueError, match="cannot be a path"):
            files.fetch(owner_id, file_id)
        with pytest.raises(ValueError, match="cannot be a path"):
            files.remove(owner_id, file_id)


def test_bytes_that_are_there_already_are_let_go(
    files: OwnedFiles, ready: Callable[..., Path]
) -> None:
    """And make good for those that had gone."""
    files.put(ready(b"first"), owner_id="user_ann", file_id="file-1")
    files.put(ready(b"again"), owner_id="user_ann", file_id="file-2")
    files.put_back("user_ann", "file-2", kept_id="file-1")
    kept = files.fetch("user_ann", "file-1")
    assert kept is not None
    assert kept.read_bytes() == b"first"
    assert files.fetch("user_ann", "file-2") is None
    files.put(ready(b"third"), owner_id="user_ann", file_id="file-3")
    files.put_back("user_ann", "file-3", kept_id="file-0")
    found = files.fetch("user_ann", "file-0")
    assert found is not None
    assert found.read_bytes() == b"third"


def test_files_of_the_same_bytes_may_share_their_room(
    files: OwnedFiles, ready: Callable[..., Path]
) -> None:
    """Removing one leaves the other."""
    for file_id in ("file-1", "file-2"):
        files.put(ready(), owner_id="user_ann", file_id=file_id)
    files.share("user_ann", "file-2", among="file-1")
    first, second = files.fetch("user_ann", "file-1"), files.fetch("user_ann", "file-2")
    assert first is not None
    assert second is not None
    if isinstance(files, OwnedFolder):
        assert first.stat().st_ino == second.stat().st_ino
    files.remove("user_ann", "file-1")
    assert second.read_bytes() == b"bytes"


def test_removing_twice_is_harmless(files: OwnedFiles, ready: Callable[..., Path]) -> None:
    """A crash between removing bytes and answering changes nothing."""
    files.put(ready(), owner_id="user_ann", file_id="file-1")
    files.remove("user_ann", "file-1")
    files.remove("user_ann", "file-1")
    assert files.fetch("user_ann", "file-1") is None


def test_all_bytes_of_an_owner_go_at_once(files: OwnedFiles, ready: Callable[..., Path]) -> None:
    """And nobody else's."""
    for owner_id in ("user_ann", "user_ben"):
        for file_id in ("file-1", "file-2"):
            files.put(ready(), owner_id=owner_id, file_id=file_id)
    files.remove_owner("user_ann")
    files.remove_owner("user_ann")
    assert files.fetch("user_ann", "file-1") is None
    assert files.fetch("user_ben", "file-2") is not None


def test_what_no_row_names_is_removed_when_it_is_old(
    files: OwnedFiles,
    ready: Callable[..., Path],
    tmp_path: Path,
    tick: Callable[[], None],
) -> None:
    """Of a crashed upload, an erased file and an erased user; what is spared and what has rows stays."""
    for owner_id, file_id in (
        ("user_ann", "file-1"),
        ("user_ann", "file-2"),
        ("user_ben", "file-3"),
    ):
        files.put(ready(), owner_id=owner_id, file_id=file_id)
    incoming = tmp_path / "kept" / SPARED
    incoming.mkdir(parents=True)
    (incoming / "half").write_bytes(b"x")
    known = {"user_ann": frozenset({"file-1"})}
    if isinstance(files, OwnedBucket):
        assert files.remove_unknown(files.held(spared=SPARED), known) == 0
        tick()
    assert files.remove_unknown(files.held(spared=SPARED), known) == 2
    assert files.fetch("user_ann", "file-1") is not None
    assert files.fetch("user_ann", "file-2") is None
    assert files.fetch("user_ben", "file-3") is None
    assert (incoming / "half").exists()


def test_the_files_of_one_owner_are_listed_apart(
    files: OwnedFiles, ready: Callable[..., Path], tick: Callable[[], None]
) -> None:
    """As `owner/id`."""
    for owner_id in ("user_ann", "user_ben"):
        files.put(ready(), owner_id=owner_id, file_id="file-1")
    tick()
    held = files.held(spared=SPARED, owner_id="user_ben")
    assert [(one.parent.name, one.name) for one in held] == [("user_ben", "file-1")]


def test_bytes_arrive_in_a_folder_while_the_last_other_file_is_removed(
    tmp_path: Path, ready: Callable[..., Path]
) -> None:
    """The folder of a user may vanish at any moment of an upload."""
    files = OwnedFolder(tmp_path / "kept")

    def come_and_go(number: int) -> None:
        for turn in range(200):
            file_id = f"file-{number}-{turn}"
            files.put(ready(), owner_id="user_ann", file_id=file_id)
            assert files.fetch("user_ann", file_id) is not None
            files.remove("user_ann", file_id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert not (tmp_path / "kept" / "user_ann").exists()


def test_machines_that_share_a_bucket_see_each_others_files(
    bucket: Callable[..., OwnedBucket], ready: Callable[..., Path]
) -> None:
    """What one has put another one fetches, whole, by many at once."""
    one, other = bucket("one"), bucket("other")
    content = os.urandom(12_000_000)
    one.put(ready(content), owner_id="user_ann", file_id="file-1")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: other.fetch("user_ann", "file-1"), range(4)))
    assert {path.read_bytes() == content for path in found if path} == {True}
    assert None not in found


def test_a_copy_of_what_another_machine_has_erased_goes_with_the_next_sweep(
    bucket: Callable[..., OwnedBucket],
    ready: Callable[..., Path],
    tmp_path: Path,
    tick: Callable[[], None],
) -> None:
    """Nothing of it stays on any disk."""
    one, other = bucket("one"), bucket("other")
    one.put(ready(), owner_id="user_ann", file_id="file-1")
    assert other.fetch("user_ann", "file-1") is not None
    one.remove("user_ann", "file-1")
    tick()
    assert other.remove_unknown(other.held(spared=SPARED), {}) == 1
    assert [path for path in (tmp_path / "other").rglob("*") if path.is_file()] == []


def test_the_cache_keeps_to_its_size_and_spares_what_may_be_read(
    bucket: Callable[..., OwnedBucket],
    ready: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """The copies unused for longest go first; those of the last minutes stay."""
    files = bucket("kept", max_cache_bytes=250)
    for number in range(4):
        files.put(ready(bytes(100)), owner_id="user_ann", file_id=f"file-{number}")
    held = tmp_path / "kept" / "user_ann"
    assert len(list(held.iterdir())) == 4
    for number in range(4):
        os.utime(held / f"file-{number}", (number, number))
    files.put(ready(bytes(100)), owner_id="user_ann", file_id="file-4")
    assert sorted(path.name for path in held.iterdir()) == ["file-3", "file-4"]
    again = files.fetch("user_ann", "file-0")
    assert again is not None
    assert len(again.read_bytes()) == 100


def test_a_bucket_that_cannot_be_reached_is_told_and_leaves_nothing_half(
    tmp_path: Path, ready: Callable[..., Path]
) -> None:
    """The finished file stays where it was; what is at hand is given all the same."""
    with s3_server() as address:
        files = OwnedBucket(store_of(address, "x"), tmp_path / "kept", max_cache_bytes=1000)
        files.put(ready(), owner_id="user_ann", file_id="file-1")
    given = ready()
    with pytest.raises(BucketTrouble):
        files.put(given, owner_id="user_ann", file_id="file-2")
    assert given.exists()
    assert files.fetch("user_ann", "file-1") is not None
    with pytest.raises(BucketTrouble):
        files.fetch("user_ann", "file-3")
    assert list((tmp_path / "kept" / FETCHING).iterdir()) == []
