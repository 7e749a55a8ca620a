from __future__ import annotations

import pytest

from backend.documents.relevance import RELEVANT, relevance
from backend.documents.yardstick import Yardstick, Yardsticks
from tests.fakes.fake_embedder import FakeEmbedder


@pytest.mark.parametrize(
    ("similarity", "coverage", "relevant"),
    [
        (1.0, 0.6, True),
        (1.1, 0.0, True),
        (0.0, 0.8, True),
        (0.6, 0.3, False),
        (0.0, 0.0, False),
        (None, 0.7, True),
        (None, 0.2, False),
        (0.9, None, True),
        (0.5, None, False),
        (None, None, False),
    ],
)
def test_meaning_and_words_are_weighed_together(similarity, coverage, relevant):
    """Near in both, or in one alone beyond doubt."""
    assert (relevance(similarity=similarity, coverage=coverage) >= RELEVANT) is relevant


def test_relevance_grows_with_either_and_stays_a_share():
    """More evidence never lowers it; nothing leaves 0 to 1."""
    steps = [-3.0, 0.0, 0.4, 0.8, 1.0, 5.0]
    by_meaning = [relevance(similarity=one, coverage=0.5) for one in steps]
    by_words = [relevance(similarity=0.5, coverage=one) for one in steps]
    assert by_meaning == sorted(by_meaning)
    assert by_words == sorted(by_words)
    assert all(0 <= one <= 1 for one in by_meaning + by_words)


def test_a_yardstick_runs_from_strangers_to_answers():
    """Cosines of a narrow space spread over the same range."""
    stick = Yardstick(strange=0.6, fitting=0.8)
    assert [stick.similarity(one) for one in (0.6, 0.7, 0.8)] == pytest.approx([0.0, 0.5, 1.0])
    assert Yardstick(strange=0.6, fitting=0.61).similarity(0.7) is None


async def test_a_space_is_measured_once_and_a_failure_is_tried_again():
    """What an embedder could not tell yesterday it may tell today."""
    embedder, yardsticks = FakeEmbedder(), Yardsticks()
    embedder.failure = "down"
    guessed = await yardsticks.of(embedder, "fake")
    embedder.failure = ""
    measured = await yardsticks.of(embedder, "fake")
    asked = len(embedder.asked)
    assert measured != guessed
    assert measured.fitting > measured.strange
    assert await yardsticks.of(embedder, "fake") == measured
    assert len(embedder.asked) == asked
