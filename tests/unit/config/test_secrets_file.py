"""The signing key is made once, kept private, and never replaced by accident."""

import os
import resource
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pydantic import SecretStr

from backend.config.errors import SettingsError
from backend.config.secrets_file import FILE_NAME, KeptSecret, make_private_folder, signing_key


def mode_of(path):
    return path.stat().st_mode & 0o777


def test_a_given_key_is_used_and_nothing_is_written(tmp_path):
    """SECRET_KEY makes the file unnecessary."""
    given = SecretStr("given")
    assert signing_key(given=given, data_dir=tmp_path / "new") == KeptSecret(key=given)
    assert list(tmp_path.iterdir()) == []


def test_the_first_start_makes_a_private_key_and_the_second_reads_it(tmp_path):
    """The file is 0600 in a folder of 0700, and stays the same."""
    folder = tmp_path / "deep" / "data"
    first = signing_key(given=None, data_dir=folder)
    second = signing_key(given=None, data_dir=folder)
    assert (first.created, second.created) == (True, False)
    assert first.key == second.key
    assert len(first.key.get_secret_value()) == 64
    assert (mode_of(folder), mode_of(folder / FILE_NAME)) == (0o700, 0o600)
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_servers_starting_at_once_end_with_one_key(tmp_path):
    """Whoever comes second takes the key of the first, never half of it."""
    together = Barrier(8)

    def start(_number):
        together.wait()
        return signing_key(given=None, data_dir=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(start, range(8)))
    assert len({one.key.get_secret_value() for one in kept}) == 1
    assert sum(one.created for one in kept) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_key_others_can_read_is_closed_with_a_warning(tmp_path):
    """A copy or an unpacked archive may have opened it."""
    made = signing_key(given=None, data_dir=tmp_path)
    path = tmp_path / FILE_NAME
    path.chmod(0o644)
    assert signing_key(given=None, data_dir=tmp_path) == KeptSecret(
        key=made.key,
        warning=f"{path} could be read by other users and was closed; remove it to make a new key",
    )
    assert mode_of(path) == 0o600


@pytest.mark.parametrize("text", ["", "short", "changeme" * 8, "\xff" * 40])
def test_a_damaged_key_stops_the_start_without_showing_it(tmp_path, text):
    """Replacing it silently would log everyone out and hide the damage."""
    path = tmp_path / FILE_NAME
    path.write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError) as caught:
        signing_key(given=None, data_dir=tmp_path)
    assert str(caught.value) == (
        f"SECRET_KEY: {path} is damaged; restore it, or remove it (everyone must log in again)"
    )


def test_a_link_in_place_of_the_key_is_not_followed(tmp_path):
    """Somebody else's file is not a key."""
    (tmp_path / "elsewhere").write_text("0123456789abcdef" * 4)
    (tmp_path / FILE_NAME).symlink_to("elsewhere")
    with pytest.raises(SettingsError, match="is damaged"):
        signing_key(given=None, data_dir=tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_of_another_user_is_refused(tmp_path):
    """Whoever owns the file can read and change it."""
    signing_key(given=None, data_dir=tmp_path)
    os.chown(tmp_path / FILE_NAME, 12345, 12345)
    with pytest.raises(SettingsError, match="belongs to another user"):
        signing_key(given=None, data_dir=tmp_path)


def test_an_empty_folder_is_closed_to_others(tmp_path):
    """A checkout brings its data folder along, open to everyone."""
    tmp_path.chmod(0o755)
    (tmp_path / ".gitkeep").write_text("")
    assert make_private_folder(tmp_path) is None
    assert mode_of(tmp_path) == 0o700


def test_a_folder_in_use_is_left_open_with_a_warning(tmp_path):
    """It may be shared with something else on purpose."""
    tmp_path.chmod(0o755)
    (tmp_path / "photo.jpg").write_text("")
    assert make_private_folder(tmp_path) == (
        f"other users can enter {tmp_path}; close it with: chmod 700 {tmp_path}"
    )
    assert mode_of(tmp_path) == 0o755


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path):
    """The message names the setting and the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as caught:
        signing_key(given=None, data_dir=tmp_path / "file" / "data")
    assert str(caught.value) == (
        f"SECRET_KEY: {tmp_path}/file/data/{FILE_NAME} cannot be used (Not a directory);"
        " give SECRET_KEY or another DATA_DIR"
    )


def test_a_disk_that_takes_no_key_is_told_and_nothing_is_left_on_it(tmp_path):
    """Half a key under another name would lie there for ever."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(SettingsError, match="cannot be used"):
            signing_key(given=None, data_dir=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
