from __future__ import annotations

import pytest

from backend.documents.repetition import Repetitions

TEXT = (
    "The tenant pays the rent of 900 euros on the first of each month. Repairs above 50 euros are "
    "borne by the landlord, who is told of them without delay and in writing. Pets are allowed."
)


@pytest.mark.parametrize(
    "other", [TEXT, TEXT.upper(), TEXT.replace(". ", ".\n\n"), TEXT.replace("Pets", "Dogs")]
)
def test_the_same_text_in_another_dress_is_a_repetition(other):
    """Case, line breaks and a changed word do not make it new."""
    said = Repetitions()
    assert not said.repeats(TEXT)
    assert said.repeats(other)


@pytest.mark.parametrize("other", [TEXT.replace("900", "950"), TEXT[:80], "Something else.", ""])
def test_another_number_or_another_text_is_none(other):
    """Two contracts that differ in the rent alone are two contracts."""
    said = Repetitions()
    assert not said.repeats(TEXT)
    assert not said.repeats(other)
