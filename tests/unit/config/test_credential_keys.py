"""The file of keys: made once, closed to others, replaced whole."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from backend.config.credential_keys import (
    FILE_NAME,
    KeysUnusable,
    add_key,
    credential_keys,
    keep_keys,
    new_key,
)
from backend.config.settings import Settings, load_settings


def settings(folder: Path, **environ: str) -> Settings:
    given = {"DATA_DIR": str(folder), **environ}
    return load_settings(env_file=folder / "no.env", environ=given)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    """With the first credential, not before."""
    found = settings(tmp_path)
    with pytest.raises(KeysUnusable, match=FILE_NAME):
        credential_keys(found)
    keys = credential_keys(found, make=True)
    assert credential_keys(found) == keys == credential_keys(found, make=True)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_file_that_others_may_read_is_closed(tmp_path):
    """As that of the signing key is."""
    found = settings(tmp_path)
    credential_keys(found, make=True)
    (tmp_path / FILE_NAME).chmod(0o644)
    credential_keys(found)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_new_key_stands_first_and_is_added_before_the_old_ones_go(tmp_path):
    """A crash between the two steps leaves all of them."""
    found = settings(tmp_path)
    [old] = credential_keys(found, make=True)
    keys = add_key(found)
    assert (keys[1:], credential_keys(found)) == ([old], keys)
    keep_keys(found, keys[:1])
    assert credential_keys(found) == keys[:1]
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_given_keys_are_taken_and_no_file_is_made(tmp_path):
    """Newest first, as written."""
    keys = [new_key(), new_key()]
    found = settings(tmp_path, CREDENTIALS__KEYS=",".join(keys))
    assert credential_keys(found, make=True) == keys
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeysUnusable, match="CREDENTIALS__KEYS"):
        add_key(found)


def test_on_postgresql_keys_must_be_given(tmp_path):
    """A file serves one machine only."""
    found = settings(tmp_path, DATABASE_URL="postgresql://u:p@db/steward")
    with pytest.raises(KeysUnusable, match="CREDENTIALS__KEYS must be given"):
        credential_keys(found, make=True)


@pytest.mark.parametrize("text", ["", "short", "x" * 44 + "\n" + "y" * 10, "\u00e9"])
def test_a_damaged_file_is_named_and_its_text_is_not(tmp_path, text):
    """Nor is it written over."""
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(KeysUnusable) as caught:
        credential_keys(settings(tmp_path), make=True)
    assert FILE_NAME in str(caught.value)
    assert not text or text not in str(caught.value)
    assert (tmp_path / FILE_NAME).read_text(encoding="utf-8") == text
