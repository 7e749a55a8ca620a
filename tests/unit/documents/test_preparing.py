from __future__ import annotations

from backend.documents.preparing import embedded_text, prepare
from backend.ports.document_stores import Chunk
from tests.fakes.document_rows import paragraphs


def test_chunks_carry_offsets_words_and_the_words_of_the_title():
    """The whole chunk of a small document; the title's words stand in a line of their own."""
    text = "The payments were refunded to all of the customers within two weeks."
    prepared = prepare(paragraphs(text), title="Refund policy", chunk_chars=400)
    lexemes = "en\nthe payment were refund to all of the custom within two week\nrefund polici"
    assert (prepared.language, prepared.chunks) == (
        "en",
        [Chunk(start=0, end=len(text), lexemes=lexemes, kind="paragraph")],
    )


def test_a_document_in_two_languages_is_stemmed_in_both():
    """A long stretch in another language than the rest follows its own stems."""
    german = "Die Rechnungen werden innerhalb von dreißig Tagen nach der Lieferung bezahlt. " * 90
    english = "The committees were discussing the regulations of the building for many hours. " * 90
    prepared = prepare(paragraphs(f"{german}\n\n{english}"), title="", chunk_chars=400)
    first, *_, last = [chunk.lexemes.split("\n") for chunk in prepared.chunks]
    assert (first[0], "rechnung" in first[1].split()) == ("de", True)
    assert (last[0], "committe" in last[1].split()) == ("en", True)


def test_the_embedded_text_names_title_and_headings_once():
    """A heading that the text begins with, or that is the title, is not repeated."""
    assert embedded_text("Terms", "Terms > Refunds > Cash", "Cash\n\nNo cash.") == (
        "Terms > Refunds\nCash\n\nNo cash."
    )
    assert embedded_text("", "", "Text.") == "Text."
