"""Which questions about attached text need more than that text."""

from __future__ import annotations

import pytest

from backend.agent.attached_route import needs_more

TEXT_ALONE = [
    "What notice does my lease ask for?",
    "Summarize the attached report",
    "Translate this into French",
    "What is on page 2?",
    "Who signed it, and when?",
    "Extract all dates",
    "Fasse das Dokument zusammen",
    "Explain report.pdf",
    "Compare both contracts",
    "",
]
MORE = [
    "Compare the attached contract with today's exchange rate of the euro",
    "Search the web for news about the company in this document",
    "What is the weather in the city this letter comes from?",
    "Calculate 17*23",
    "What is the average of the amount column in sales.csv?",
    "How much is 12% of the rent?",
    "Draw a chart of the sales per month",
    "Is what https://example.org/terms says the same?",
]


@pytest.mark.parametrize("words", TEXT_ALONE)
def test_what_the_text_answers_needs_no_tool(words):
    """The text is there already."""
    assert not needs_more(words)


@pytest.mark.parametrize("words", MORE)
def test_what_lies_elsewhere_needs_one(words):
    """The web, a calculation, a table, a page."""
    assert needs_more(words)
