"""Names as they are kept."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from backend.kit.upload_names import clean_file_name


@given(st.text(max_size=60))
def test_no_name_is_a_path_or_holds_what_cannot_be_seen(name: str) -> None:
    """Whatever it is made of; and cleaning it again changes nothing."""
    cleaned = clean_file_name(name)
    assert not {"/", "\\", "\x00"} & set(cleaned)
    assert cleaned not in {".", ".."}
    assert not any(unicodedata.category(one) in {"Cc", "Cs"} for one in cleaned)
    assert cleaned == cleaned.strip()
    assert clean_file_name(cleaned) == cleaned


@given(st.text("abcXYZ 012._-éß漢字", min_size=1, max_size=40).map(lambda one: f"a{one.strip()}b"))
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    """But for white space in a row."""
    assert clean_file_name(name) == " ".join(name.split())
