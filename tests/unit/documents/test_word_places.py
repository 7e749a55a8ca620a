"""Where the words of a stored text stand among the characters of a page."""

from __future__ import annotations

from backend.documents.word_places import places_of

TEXT = "The rent.\n\nA notice ends the lease.\n\nThe rent.\n\nThe end."


def found(text: str, words: str, page: str, *, which: int = 0) -> list[str]:
    """Look for words of the text on a page; give what stands at the places."""
    start = -1
    for _ in range(which + 1):
        start = text.index(words, start + 1)
    places = places_of(text, start, start + len(words), on_page=[ord(one) for one in page])
    return [page[first:last] for first, last in places]


def test_words_are_found_across_lines_and_hyphens():
    """PDFium writes line ends as two characters and divided words with a mark of its own."""
    page = "Head\r\nA no\ufffe\r\ntice ends  the\r\nlease.\r\n"
    assert found(TEXT, "A notice ends the lease.", page) == [
        "A no\ufffe\r\ntice ends  the\r\nlease"
    ]


def test_forms_of_letters_do_not_matter():
    """A ligature is the letters it stands for, and its place is whole."""
    assert found("An oﬃce\n", "An oﬃce", "7 AN OFFICE 8") == ["AN OFFICE"]
    assert found("An office\n", "office", "An oﬃce") == ["oﬃce"]


def test_of_words_that_stand_there_twice_those_in_their_place_are_meant():
    """Also when the page has running lines that the text has not."""
    page = f"Running head 1\n{TEXT}\nRunning foot"
    places = [
        places_of(TEXT, at, at + 9, on_page=[ord(one) for one in page])
        for at in (0, TEXT.rindex("The rent."))
    ]
    first, second = page.index("The rent"), page.rindex("The rent")
    assert places == [[(first, first + 8)], [(second, second + 8)]]


def test_what_does_not_stand_there_whole_is_found_line_by_line():
    """A running line may lie in the middle; what is too short to be sure of is left out."""
    page = "The first line\n12\nThe second line of it"
    text = "The first line\nor\nThe second line"
    assert found(text, text, page) == ["The first line", "The second line"]


def test_nothing_is_found_of_what_is_not_there():
    """Nor of blanks, nor beyond Unicode."""
    assert found(TEXT, "The end.", "Another page") == []
    assert places_of("  \n ", 0, 4, on_page=[0x20, 0x0A]) == []
    assert places_of("ab", 0, 2, on_page=[0x7FFFFFFF]) == []
