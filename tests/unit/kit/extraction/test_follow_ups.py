"""Completing a question from the turn before, and reading numbers written as words."""

from __future__ import annotations

import pytest

from backend.kit.extraction.follow_ups import completed
from backend.kit.extraction.number_words import with_digits

COMPLETED = [
    ("and in Berlin?", "What is the weather in Paris?", "", "What is the weather in Berlin?"),
    ("And of Germany?", "What is the capital of France?", "", "What is the capital of Germany?"),
    ("and tomorrow?", "Weather in Oslo today?", "", "Weather in Oslo tomorrow?"),
    ("what about its population?", "What is the capital of France?", "", "What is the population of France?"),
    ("and 20%?", "What is 15% of 80?", "15/100 * 80 = 12", "What is 20% of 80?"),
    ("and the median?", "What is the mean of 1, 2, 6?", "The mean is 3.", "What is the median of 1, 2, 6?"),
    ("and to meters?", "Convert 10 km to miles", "10 km in miles = 6.2 miles", "Convert 10 km to meters"),
    ("divide that by 4", "What is 12*12?", "12 * 12 = 144", "divide 144 by 4"),
    ("times 3", "What is 2+2?", "2 + 2 = 4", "4 times 3"),
    ("When did she die?", "Who was Marie Curie?", "A chemist.", "When did Marie Curie die?"),
    ("What is the weather there?", "What is the capital of France?", "The capital is Paris. [1]", "What is the weather in Paris?"),
    ("Does it allow pets?", "Who signed the lease?", "Anna Keller. [1]", "Does the lease allow pets?"),
    ("What is its term?", "Who signed lease.pdf?", "Anna Keller. [1]", "What is lease.pdf's term?"),
    ("Who signed there?", "What notice does my contract ask for?", "30 days. [1]", "Who signed in my contract?"),
    ("what time is it?", "Who was Marie Curie?", "A chemist.", "what time is it?"),
    ("What is the capital of Spain?", "What is the capital of France?", "Paris.", "What is the capital of Spain?"),
    ("and what is love?", "What is 2+2?", "2 + 2 = 4", "and what is love?"),
    ("and in Berlin?", "", "", "and in Berlin?"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "question", "answer", "whole"), COMPLETED)
def test_a_follow_up_stands_on_its_own_afterwards(
    ask: str, question: str, answer: str, whole: str
) -> None:
    """A question that needs nothing of the turn before comes back as it is."""
    assert completed(ask, question, answer) == whole


SPELT = [
    ("twenty-three times two", "23 times 2"),
    ("two hundred and five", "205"),
    ("a thousand and one nights", "1001 nights"),
    ("three million four hundred thousand", "3000000 400000"),
    ("3.5 million", "3.5 million"),
    ("someone often wonders", "someone often wonders"),
]


@pytest.mark.parametrize(("text", "digits"), SPELT)
def test_spelt_numbers_become_digits(text: str, digits: str) -> None:
    """Words that only hold a number word, and scales behind digits, stay."""
    assert with_digits(text) == digits
