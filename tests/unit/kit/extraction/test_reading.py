"""Reading texts: sentences with their markers, names, numbers, and the parts of a message."""

from __future__ import annotations

import pytest

from backend.kit.extraction.asked import Asked, Block, results, section, take_apart
from backend.kit.extraction.entities import names, number_in, numbers, places, short_answer, subject
from backend.kit.extraction.observed import Observation, other_title, reason
from backend.kit.extraction.passages import Sentence, sentences, split_sentences
from backend.kit.extraction.picking import asked_kind, pick
from backend.kit.extraction.small_talk import small_talk
from backend.kit.extraction.words import clean, terms


def test_sentences_keep_the_marker_and_title_of_their_passage() -> None:
    """Both `[1] Title` and `Title [1]` open a passage; a marker at a sentence's end wins."""
    text = "Found:\n[1] a.pdf, p. 3\nOne is here.\nTwo is\nthere too.\nB [2]\n\nThree. Four [7].\n[3] T - Five six."
    assert sentences(text) == [
        Sentence("Found:", None, "", 0),
        Sentence("One is here.", 1, "a.pdf, p. 3", 1),
        Sentence("Two is there too.", 1, "a.pdf, p. 3", 1),
        Sentence("Three.", 2, "B", 2),
        Sentence("Four.", 7, "B", 2),
        Sentence("Five six.", 3, "T", 3),
    ]


def test_abbreviations_and_initials_do_not_end_a_sentence() -> None:
    """Titles, initials and "e.g." stay inside."""
    text = "Dr. J. K. Rowling spoke, e.g. In Bern. He left. 这是一。这是二。"
    assert split_sentences(text) == [
        "Dr. J. K. Rowling spoke, e.g. In Bern.",
        "He left.",
        "这是一。",
        "这是二。",
    ]


def test_inflected_and_exchanged_words_share_a_term() -> None:
    """Who wrote and written by are the same relation."""
    assert terms("Who wrote the stories?") == terms("The story was written")[::-1]


KINDS = [
    ("Who wrote it?", "who"),
    ("In what year was it built?", "when"),
    ("Which city is it in?", "where"),
    ("How many people live there?", "number"),
    ("Why did it fail?", "why"),
    ("Describe it", "open"),
]


@pytest.mark.parametrize(("question", "kind"), KINDS)
def test_the_kind_of_answer_is_read_from_the_question(question: str, kind: str) -> None:
    """Six kinds, each with its own signs."""
    assert asked_kind(question) == kind


def test_the_sentence_with_the_rare_words_and_the_right_kind_wins() -> None:
    """A sentence that leans on the one before brings it along; unsupported questions get nothing."""
    known = sentences(
        "Ada met Bo in Rome. Bo was born on 3 May 1901. It rained a lot. Bo liked Rome. Bo was born poor."
    )
    assert [one.text for one in pick("When was Bo born?", known, limit=1)] == [
        "Bo was born on 3 May 1901."
    ]
    assert pick("When did Zed marry Yolanda?", known) == []
    leaning = sentences("The tower stands in Paris. It has a height of 330 metres.")
    assert [one.text for one in pick("How tall is it, its height?", leaning, limit=1)] == [
        "The tower stands in Paris. It has a height of 330 metres."
    ]


def test_names_places_and_numbers_are_found() -> None:
    """Opening words are no names; scales and separators are read."""
    assert names("When did Marie Curie meet Albert Einstein in New York?") == [
        "Marie Curie",
        "Albert Einstein",
        "New York",
    ]
    assert places("Is it warm in Rio de Janeiro or in Oslo?") == ["Rio de Janeiro", "Oslo"]
    assert places("weather for paris please") == ["paris"]
    assert numbers("From 1,234.5 to -3 and 67 million, 1.5 billion") == [
        "1234.5",
        "-3",
        "67000000",
        "1500000000",
    ]
    assert (
        number_in("population of Iceland", "In 2024 Iceland had a population of 393,600.")
        == "393600"
    )


SUBJECTS = [
    ("When was Marie Curie born?", "Marie Curie"),
    ("What is the population of the United States?", "United States"),
    ("What is photosynthesis?", "photosynthesis"),
    ("Who wrote “War and Peace”?", "War and Peace"),
    ("Who was the first president of the United States?", "first president of United States"),
]


@pytest.mark.parametrize(("question", "title"), SUBJECTS)
def test_the_subject_is_the_title_of_an_article(question: str, title: str) -> None:
    """Ordinals need a search, not a title."""
    assert subject(question) == title


def test_a_short_answer_is_cut_out_of_its_sentence() -> None:
    """A number, a year, or the name beside the asked relation."""
    assert (
        short_answer("What is the capital of France?", "The capital of France is Paris.") == "Paris"
    )
    assert (
        short_answer("Who wrote Dune?", "Dune is a novel by American author Frank Herbert.")
        == "Frank Herbert"
    )
    assert short_answer("When was it built?", "It was built in 1889 by Eiffel.") == "1889"
    assert short_answer("How tall is it?", "It is 330 metres tall.") == "330"


def test_a_message_is_taken_apart() -> None:
    """Fenced code, tables, addresses and long texts are told from the question."""
    asked = take_apart("See https://a.org/x. Run it:\n```python\nprint(1)\n```")
    assert (asked.code, asked.urls) == ((("python", "print(1)"),), ("https://a.org/x",))
    assert take_apart("Mean?\na,b\n1,2\n3,4").data == "a,b\n1,2\n3,4"
    assert take_apart('Mean of {"a": [1, 2]}') == Asked(ask="Mean of", data='{"a": [1, 2]}')
    text = "Bern is a city. " * 80
    assert take_apart(f"{text}\nWhat is Bern?").ask == "What is Bern?"
    assert take_apart("Milk, eggs, and tea?\nYes, no, and so on?").data == ""


def test_sections_and_result_blocks_are_read_from_a_prompt() -> None:
    """An unclosed block is none."""
    prompt = '<question>\nWhy?\n</question><result id="s1" state="failed">no</result><result id=\'s2\'>yes</result><result>'
    assert section(prompt, "question") == "Why?"
    assert section(prompt, "missing") is None
    assert results(prompt) == [
        Block("s1", ok=False, text="no"),
        Block("s2", ok=True, text="yes"),
    ]


OBSERVED = [
    ("Error: boom", (True, False)),
    ("The tool wikipedia could not be reached", (True, False)),
    ('{"error": {"message": "no key"}}', (True, False)),
    ("No results found for x.", (False, True)),
    ("[]", (False, True)),
    ("[1] Errors in law\nAn error is a mistake.", (False, False)),
]


@pytest.mark.parametrize(("text", "outcome"), OBSERVED)
def test_failures_and_empty_results_are_told_from_answers(
    text: str, outcome: tuple[bool, bool]
) -> None:
    """Both are reported, neither is quoted as fact."""
    seen = Observation(tool="wikipedia", text=text)
    assert (seen.failed, seen.empty) == outcome


def test_a_failure_is_told_with_its_reason() -> None:
    """A tool's own sentence stays as it is."""
    assert (
        reason(Observation(tool="x", text='{"error": {"message": "no key"}}'))
        == "The tool x could not answer: no key"
    )
    assert (
        reason(Observation(tool="x", text="The tool x could not run."))
        == "The tool x could not run."
    )


def test_another_title_is_chosen_by_the_question() -> None:
    """The listed title that shares most words is read next."""
    text = '"Mercury" can mean several articles [1]:\n- Mercury (element)\n- Mercury (planet)\n- Freddie Mercury'
    seen = Observation(tool="wikipedia", text=text)
    assert other_title("How far is the planet Mercury from the sun?", seen) == "Mercury (planet)"
    assert other_title("x", Observation(tool="wikipedia", text="Plain text.")) is None


TALK = [
    ("hello there", "Hello! How can I help you?"),
    ("¡Buenos días!", "¡Hola! ¿En qué puedo ayudarte?"),
    ("Bonjour !", "Bonjour ! Comment puis-je vous aider ?"),
    ("ciao", "Ciao! Come posso aiutarti?"),
    ("Olá", "Olá! Como posso ajudar?"),
    ("dzień dobry", "Cześć! W czym mogę pomóc?"),
    ("Привет!", "Здравствуйте! Чем могу помочь?"),
    ("你好", "你好！有什么可以帮您？"),
    ("こんにちは", "こんにちは！ご用件は何でしょうか？"),
    ("안녕하세요", "안녕하세요! 무엇을 도와드릴까요?"),
    ("merhaba", "Merhaba! Nasıl yardımcı olabilirim?"),
    ("नमस्ते", "नमस्ते! मैं आपकी क्या मदद कर सकता हूँ?"),
    ("Hi, thanks!", "You are welcome!"),
    ("hello world program in C", None),
    ("hi, what is 2+2", None),
]


@pytest.mark.parametrize(("text", "answer"), TALK)
def test_greetings_are_answered_in_their_language(text: str, answer: str | None) -> None:
    """Only a message that is nothing else counts."""
    assert small_talk(text) == answer


def test_any_text_is_made_encodable_and_bounded() -> None:
    """Lone surrogates become question marks."""
    assert clean("a\ud800b\x00") == "a?b"
    assert len(clean("x" * 1_000_000)) == 131_072


def test_the_dots_of_a_list_are_a_colon():
    """An index line without its page says nothing and is a heading; a price list keeps its prices."""
    text = "[1] menu.pdf, p. 2\nsteak_tartare . . . . . . . . . . .\nSteak ........... 25 euros"
    found = sentences(text)
    assert [one.text for one in found] == ["steak_tartare", "Steak: 25 euros"]
    assert [one.is_heading for one in found] == [True, False]
