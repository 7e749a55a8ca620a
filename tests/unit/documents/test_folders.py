"""The upload folder: where bytes lie, what a crash leaves, and names that would be paths."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.documents.folders import INCOMING, UploadFolder
from backend.ports.documents import Document, File


def a_file(file_id, user_id="user_ann"):
    document = Document(id="doc_1", user_id=user_id, sha256="0" * 64, size_bytes=5)
    return File(id=file_id, user_id=user_id, filename="../../etc/passwd", document=document)


@pytest.fixture
def uploads(tmp_path):
    return UploadFolder(tmp_path / "uploads")


@pytest.fixture
def received(tmp_path):
    path = tmp_path / "received"
    path.write_bytes(b"bytes")
    return path


def test_received_bytes_move_to_user_and_file(uploads, received, tmp_path):
    """Only ids are in the path, whatever the name is."""
    path = uploads.take_in(received, user_id="user_ann", file_id="file-1")
    assert path == tmp_path / "uploads" / "user_ann" / "file-1"
    assert (path.read_bytes(), received.exists()) == (b"bytes", False)
    assert uploads.find([a_file("file-0"), a_file("file-1")]) == path


@pytest.mark.parametrize("odd", ["..", "a/b", "", "a\x00b", "x" * 101, "."])
def test_an_id_that_is_no_id_is_never_a_path(uploads, odd):
    """Ids are made by the server; anything else is refused rather than joined."""
    with pytest.raises(ValueError, match="cannot be a path"):
        uploads.path("user_ann", odd)
    with pytest.raises(ValueError, match="cannot be a path"):
        uploads.path(odd, "file-1")


def test_files_of_the_same_bytes_share_their_room(uploads, received, tmp_path):
    """A second name for the same bytes is a link; removing one leaves the other."""
    first = uploads.take_in(received, user_id="user_ann", file_id="file-1")
    again = tmp_path / "again"
    again.write_bytes(b"bytes")
    second = uploads.take_in(again, user_id="user_ann", file_id="file-2")
    uploads.share(second, among=first)
    assert first.stat().st_ino == second.stat().st_ino
    uploads.remove("user_ann", "file-1")
    assert second.read_bytes() == b"bytes"


def test_a_sweep_removes_what_no_row_names(uploads, tmp_path):
    """Bytes of a crashed upload, of an erased file and of an erased user go; the rest stays."""
    for user_id, file_id in (
        ("user_ann", "file-1"),
        ("user_ann", "file-2"),
        ("user_bob", "file-3"),
    ):
        made = tmp_path / "made"
        made.write_bytes(b"bytes")
        uploads.take_in(made, user_id=user_id, file_id=file_id)
    incoming = tmp_path / "uploads" / INCOMING
    incoming.mkdir()
    (incoming / "half").write_bytes(b"x")
    assert uploads.sweep({"user_ann": frozenset({"file-1"})}) == 2
    left = sorted(path.name for path in (tmp_path / "uploads").rglob("*") if path.is_file())
    assert left == ["file-1", "half"]


def test_removing_twice_is_harmless_and_leaves_no_empty_folder(uploads, received, tmp_path):
    """A crash between removing bytes and answering changes nothing."""
    uploads.take_in(received, user_id="user_ann", file_id="file-1")
    uploads.remove("user_ann", "file-1")
    uploads.remove("user_ann", "file-1")
    assert list((tmp_path / "uploads").iterdir()) == []


def test_bytes_arrive_while_the_last_other_file_is_removed(uploads, tmp_path):
    """The folder of a user may vanish at any moment of an upload."""

    def come_and_go(number):
        for turn in range(200):
            received = tmp_path / f"received-{number}"
            received.write_bytes(b"bytes")
            file_id = f"file-{number}-{turn}"
            assert uploads.take_in(received, user_id="user_ann", file_id=file_id).is_file()
            uploads.remove("user_ann", file_id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert not (tmp_path / "uploads" / "user_ann").exists()


def test_all_bytes_of_a_user_go_at_once(uploads, tmp_path):
    """And nobody else's."""
    for user_id in ("user_ann", "user_ben"):
        received = tmp_path / "received"
        received.write_bytes(b"bytes")
        uploads.take_in(received, user_id=user_id, file_id="file-1")
    uploads.remove_user("user_ann")
    uploads.remove_user("user_ann")
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["user_ben"]
