from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.documents.index.damage import IndexDamaged
from backend.documents.index.function_words import function_lexemes
from backend.documents.index.lexemes import lexemes, query_lexemes
from backend.documents.index.lexical import LexicalIndex
from backend.documents.index.questions import Question
from backend.documents.index.word_scores import WordScore, WordScorer
from backend.ports.document_stores import IndexedChunk
from backend.ports.lexical_rows import LexicalRow, lexical_row


def chunk(number: int, text: str, *, title: str = "", language: str = "en") -> IndexedChunk:
    row = LexicalRow(
        language=language,
        body=tuple(lexemes(text, language)),
        context=tuple(lexemes(title, language)),
    )
    return IndexedChunk(id=number, lexemes=row.written(), heading="")


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    index = LexicalIndex(tmp_path / "user" / "lexical.db")
    index.open()
    index.put("a", 1, [chunk(1, "The engine is cold."), chunk(2, "It has a warm boiler.")])
    index.put("b", 3, [chunk(3, "Boilers burn coal.", title="Steam"), chunk(4, "Ships sail.")])
    return index


def ids(index: LexicalIndex, text: str, **options) -> list[int]:
    groups = query_lexemes(text, index.languages())
    return list(index.propose(groups, limit=50, **options).ids)


def test_chunks_are_proposed_by_their_words_and_their_titles(index):
    """A title's word finds each chunk below it."""
    assert sorted(ids(index, "boiler")) == [2, 3]
    assert ids(index, "steam") == [3]
    assert ids(index, "zeppelins over Paris") == []
    assert sorted(ids(index, "boiler", within=["b"])) == [3]


def test_words_that_would_be_syntax_are_only_words(index):
    """Quotes, operators and columns of FTS5 in a question mean nothing."""
    assert ids(index, 'boiler" OR NEAR(coal) body:* AND NOT c++') is not None
    assert ids(index, '"""') == []


def test_a_document_that_is_put_again_replaces_itself(index):
    """Only its newest words are inside, under its newest revision."""
    index.put("a", 2, [chunk(5, "Now about gardens.")])
    assert (ids(index, "engine"), ids(index, "garden")) == ([], [5])
    assert index.revisions() == {"a": 2, "b": 3}


def test_removed_documents_leave_no_word_behind(index, tmp_path):
    """Neither a search nor the bytes of the files know them."""
    index.put("c", 1, [chunk(9, "xylophonist")])
    index.remove(["c"])
    assert ids(index, "xylophonist") == []
    index.close()
    files = list((tmp_path / "user").iterdir())
    assert files
    assert not any(b"xylophonist" in file.read_bytes() for file in files)


def scores(index: LexicalIndex, text: str, chunks: list[int]) -> dict[int, WordScore]:
    question = Question(groups=query_lexemes(text, ["en"]), silent=function_lexemes(["en"]))
    scorer = WordScorer(question, index.propose(question.groups, limit=10))
    return scorer.scores(chunks, index.words(chunks))


def test_neighbours_count_a_little(index):
    """A chunk beside one that holds the words scores below it, and above one that stands elsewhere."""
    found = scores(index, "engine", [1, 2, 4, 99])
    assert found[1].bm25 > found[2].bm25 > found[4].bm25 == 0
    assert 99 not in found


def test_titles_count_more_than_texts(index):
    """The word that names the document weighs twice."""
    index.put("e", 1, [chunk(8, "Steam rises.", title="Kitchen")])
    found = scores(index, "steam", [3, 8])
    assert found[3].bm25 > found[8].bm25


def test_the_share_of_words_found_weighs_rare_words_more(index):
    """A word that no chunk has counts as missing, and as the rarest."""
    coverage = scores(index, "boiler zeppelin", [3])[3].coverage
    assert 0 < coverage < 0.5


def test_words_that_hold_a_question_together_need_not_be_there(index):
    """They are left out of the share, unless there are no others."""
    assert scores(index, "what does boiler mean", [3])[3].coverage == 1
    assert scores(index, "is it the", [1])[1].coverage > 0


def test_scores_are_those_of_bm25_written_out(index):
    """Vectors of numbers give what the formula gives for one chunk and one word."""
    groups = query_lexemes("ship", ["en"])
    proposals = index.propose(groups, limit=10)
    frequency, chunks = proposals.frequencies["ship"], proposals.chunks
    weight = math.log(0.5 * (chunks + 0.5) / (frequency + 0.5))
    size = 2 + 0.2 * 3  # its own two words, and a little of the three before it
    saturation = 1.2 * (0.25 + 0.75 * size / proposals.mean_size)
    expected = weight * 2.2 / (1 + saturation)
    assert scores(index, "ship", [4])[4].bm25 == pytest.approx(expected)


def test_the_languages_inside_are_known_as_long_as_they_are_inside(index):
    """A question is stemmed in these."""
    index.put("d", 1, [chunk(7, "Die Häuser stehen.", language="de")])
    assert sorted(index.languages()) == ["de", "en"]
    index.remove(["d"])
    assert index.languages() == ["en"]


@pytest.mark.parametrize(
    "damage", [b"no database at all" * 100, b"", b"SQLite format 3\x00" + b"x" * 5000]
)
def test_a_file_that_is_no_index_is_told(tmp_path, damage):
    """Garbage raises the one error that makes it anew; an empty file is simply filled."""
    path = tmp_path / "lexical.db"
    path.write_bytes(damage)
    index = LexicalIndex(path)
    if damage:
        with pytest.raises(IndexDamaged):
            index.open()
    else:
        index.open()
        assert index.revisions() == {}


def test_threads_search_while_one_writes(index):
    """Readers see the index before or after a document, never half of one."""
    with ThreadPoolExecutor(6) as pool:
        reads = [pool.submit(ids, index, "boiler") for _ in range(40)]
        writes = [
            pool.submit(index.put, f"w{n}", 1, [chunk(100 + n, "One more boiler.")])
            for n in range(10)
        ]
        assert all({2, 3} <= set(one.result()) for one in reads)
        assert [one.result() for one in writes] == [None] * 10
    assert len(index.propose([("boiler",)], limit=50).ids) == 12


def test_rows_are_read_as_they_were_written():
    """Text from elsewhere is words without a language."""
    row = LexicalRow(language="de", body=("a", "b"), context=("c",))
    assert lexical_row(row.written()) == row
    assert lexical_row("x y") == LexicalRow(language="", body=("x", "y"))
