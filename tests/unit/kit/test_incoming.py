"""The folder of uploads that are still arriving."""

from __future__ import annotations

from pathlib import Path

from backend.kit.incoming import clear_incoming, new_incoming


def test_a_new_file_is_private_and_like_no_other(tmp_path: Path) -> None:
    """The folder is made on the way, closed to others."""
    folder = tmp_path / "uploads" / ".incoming"
    paths = set()
    for _ in range(3):
        path, file = new_incoming(folder)
        with file:
            file.write(b"x")
        paths.add(path)
        assert (path.parent, path.stat().st_mode & 0o777) == (folder, 0o600)
    assert len(paths) == 3
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    """Files and links, never what a link points at; a folder that is not there is no fault."""
    folder = tmp_path / ".incoming"
    assert clear_incoming(folder) == 0
    new_incoming(folder)[1].close()
    elsewhere = tmp_path / "kept"
    elsewhere.write_text("x")
    (folder / "link").symlink_to(elsewhere)
    assert clear_incoming(folder) == 2
    assert list(folder.iterdir()) == []
    assert elsewhere.exists()
