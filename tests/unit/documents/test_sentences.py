from __future__ import annotations

import time

import pytest

from backend.documents.sentences import sentences, starts_low


def split(text: str) -> list[str]:
    low = starts_low(text)
    return [text[start:end] for start, end in sentences(text, 0, len(text), low=low)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith met Mr. J. A. Hobson at 3.5 km.", "They talked."],
        ["See e.g. Fig. 3 for details.", 'He said "Stop!" and left.', "Done?", "Yes…"],
        ["It cost 1,299.00 in the U.S. Army shop.", "Nobody paid."],
        ["Der Vertrag gilt ab dem 3. Mai bzw. ab Zugang.", "Er endet z. B. am Jahresende."],
        ["Il a payé 12,50 € à M. Dupont.", "Puis il est parti."],
        ["Договор подписан в 2024 г. Петровым.", "Он действует год."],  # noqa: RUF001
        ["No. 7 was lost.", "Was it found? no, never.", "He said no.", "Then he left."],
        ["Notes end it.[12]", "The next one starts."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(expected):
    """Abbreviations, initials, ordinals, decimals and quotations go on; footnote marks belong to theirs."""
    assert split(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["东京是日本的首都。", "它有一千四百万人口！", "你去过吗？"],
        ["東京は首都です。", "「行きましょう。」", "と言った。"],
        ["यह पहला वाक्य है।", " यह दूसरा है।"],
        ["هل وصلت؟", " نعم، وصلت."],
    ],
)
def test_scripts_with_marks_of_their_own_need_no_space(expected):
    """Han and kana, Devanagari and Arabic end sentences by other marks."""
    assert split("".join(expected)) == [one.strip() for one in expected]


def test_text_in_small_letters_is_cut_at_its_full_stops():
    """Old abstracts and chats begin sentences small; then a small letter does not join them."""
    text = "the flow is steady . a plate is heated. the result is compared with theory ."
    assert split(text) == [
        "the flow is steady .",
        "a plate is heated.",
        "the result is compared with theory .",
    ]


@pytest.mark.parametrize(
    "text", ["a" * 999, ". " * 999, "..." * 999, "\"'" * 999, " " * 999, "1." * 999]
)
def test_the_time_grows_with_the_text_alone(text):
    """A hundred times the text takes nowhere near ten thousand times as long."""
    long = text * 300
    started = time.process_time()
    split(long)
    assert time.process_time() - started < 5
