from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.documents.index.lexemes import MAX_LEXEME_CHARS, lexemes, query_lexemes

EXACT = [
    ("INV-2024-00417", ["inv", "2024", "00417", "inv202400417"]),
    ("E_CONN_RESET", ["conn", "reset", "econnreset"]),
    ("v2.3.1", ["2.3.1", "2.3", "v2.3.1"]),
    ("1,299.00", ["1299"]),
    ("1.299,00", ["1299"]),
    ("1\u00a0299,50", ["1299.5"]),
    ("1.299", ["1299", "1.299"]),
    ("12.50", ["12.5"]),
    ("2024-01-05", ["2024", "01", "05", "20240105"]),
    ("ada.lovelace@example.com", ["ada", "lovelac", "exampl", "com", "adalovelaceexamplecom"]),
    ("getUserName", ["getusernam", "get", "user", "name"]),
    ("HTTPServer", ["httpserver", "http", "server"]),
    ("snake_case_name", ["snake", "case", "name", "snakecasenam"]),
    ("RTX4090", ["rtx", "4090", "rtx4090"]),
    ("C++ C#", ["c++", "c#"]),
    ("Harvard's", ["harvard"]),
]

INFLECTED = [
    ("en", "payment", "payments"),
    ("de", "Rechnung", "Rechnungen"),
    ("fr", "remboursement", "remboursements"),
    ("es", "pagos", "pago"),
    ("ru", "договоры", "договора"),
    ("ar", "كتاب", "الكتاب"),
    ("hi", "किताबें", "किताबों"),
    ("uk", "договору", "договором"),
]


@pytest.mark.parametrize(("text", "expected"), EXACT)
def test_ids_amounts_and_addresses_are_kept_whole_beside_their_parts(text, expected):
    """What is looked up by its exact spelling is one lexeme; its parts find it as well."""
    assert lexemes(text, "en") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-2024-7", "inv/2024/7"),
        ("E-mail", "email"),
        ("ＡＢＣ－１", "ABC-1"),  # noqa: RUF001
        ("$1,299", "1.299,00"),
    ],
)
def test_spellings_of_the_same_thing_share_a_lexeme(one, other):
    """Hyphens, slashes, width and the marks of numbers do not hide it."""
    assert set(lexemes(one, "en")) & set(lexemes(other, "en"))


@pytest.mark.parametrize(("language", "one", "other"), INFLECTED)
def test_inflected_forms_share_a_lexeme(language, one, other):
    """Each language is stemmed by its own rules, or by those of its nearest relative."""
    assert lexemes(one, language) == lexemes(other, language)


@pytest.mark.parametrize(
    ("language", "written", "typed"),
    [
        ("de", "Größe", "grosse"),
        ("fr", "résumé", "resume"),
        ("tr", "İstanbul", "istanbul"),
        ("ar", "أَحْمَد", "احمد"),
    ],
)
def test_accents_may_be_left_out(language, written, typed):
    """A text with marks is found by a question without."""
    assert lexemes(written, language) == lexemes(typed, language)


def test_marks_that_are_letters_stay():
    """Vowels of Hindi and voiced kana tell words apart."""
    assert lexemes("कि", "") != lexemes("की", "")
    assert lexemes("が", "ja") != lexemes("か", "ja")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("东京大学的2024年", ["东京", "京大", "大学", "学的", "2024", "年"]),
        ("ABC株式会社", ["abc", "株式", "式会", "会社"]),
        ("대한민국의", ["대한", "한민", "민국", "국의"]),
        ("ภาษาไทย", ["ภาษ", "าษา", "ษาไ", "าไท", "ไทย"]),
    ],
)
def test_scripts_without_spaces_are_taken_in_pieces(text, expected):
    """Two characters of Han, kana and Hangul, three of Thai; Latin words between them stay words."""
    assert lexemes(text, "") == expected


def test_a_question_is_stemmed_in_every_language_the_library_holds():
    """One word makes one group, with a lexeme for each language that stems it differently."""
    assert query_lexemes("invoices Häuser INV-7", ["en", "de", "zh"]) == [
        ("invoic", "invoices"),
        ("haus", "hauser"),
        ("inv",),
        ("7",),
        ("inv7",),
    ]


@given(st.text(max_size=400), st.sampled_from(["en", "de", "ru", "ar", "hi", "zh", ""]))
def test_lexemes_are_short_words_without_spaces(text, language):
    """Whatever is written, a lexeme can be stored and quoted, and the question finds it."""
    found = lexemes(text, language)
    assert all(0 < len(one) <= MAX_LEXEME_CHARS for one in found)
    assert not any('"' in one or one != "".join(one.split()) for one in found)
    assert set(found) == {one for group in query_lexemes(text, [language]) for one in group}
