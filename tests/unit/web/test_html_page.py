"""The readable text of pages of the kinds people meet: the pages lie in tests/fixtures/web."""

from __future__ import annotations

import pytest

from backend.web.html_page import read_html
from tests.fakes.web_double import fixture_page

URL = "https://pages.example/x"
SAYS = {
    "article": [
        "# The lighthouse keeper who counted waves\n",
        "## What the numbers show\n",
        "He did not know that anyone would ever read it",
        "“the cat was displeased”",
        "- Entries: 214,000\n- Years: 1948 to 1979\n",
    ],
    "reference": [
        "## courier.retry(attempts=3, pause_s=0.5)",
        "`attempts` counts the first call too",
        "    for page in client.pages(\"/items\"):\n        print(page.number)",
        "| attempts | 3 | How often a call is made at most |\n| pause_s | 0.5 |",
        "Warning: POST requests are repeated only when `unsafe=True` is given.",
    ],
    "table": [
        "| River | Length (km) | Basin (km2) | Mouth |",
        "| Upper Rook | 377 | 9,920 | Velm |",
        "Lengths include the main source stream.",
    ],
    "forum": [
        "My kitchen is at 15 degrees",
        "Put the bowl into the switched-off oven",
        "Or use water at 38 degrees",
        "The lamp did it.",
    ],
    "snippet": [
        "tr -cs 'A-Za-z' '\\n' < book.txt |\n    tr 'A-Z' 'a-z' |",
        "            counted[word] = counted.get(word, 0) + 1",
        "Both give the same list, the pipeline in half the time.",
    ],
}  # fmt: skip
LEAVES_OUT = {
    "article": ["tracking", "cookies", "Sport", "herring", "Subscribe", "Imprint"],
    "reference": ["Quick start", "Changelog", "Built with", "¶"],
    "table": ["Lakes ", "Valden Survey Office"],
    "forum": ["Reply", "Report", "Log in", "volunteers"],
    "snippet": ["about", "No cookies here"],
}
NAMED = {
    "article": ("The lighthouse keeper who counted waves", "2024-03-18"),
    "reference": ("Retrying calls", "2023-11-02"),
    "table": ("Rivers of Valden by length", ""),
    "forum": ("Bread does not rise in winter", "2022-01-09"),
    "snippet": ("Counting words with a shell pipeline", "2021-06-30"),
}


@pytest.mark.parametrize("name", SAYS)
def test_the_text_of_a_page_is_found(name):
    """Headings, lists, tables and code keep their form; what frames the page is gone."""
    found = read_html(fixture_page(name).decode(), url=URL)
    assert [part for part in SAYS[name] if part not in found.text] == []
    assert [part for part in LEAVES_OUT[name] if part in found.text] == []
    assert (found.title, found.date) == NAMED[name]
    assert not found.needs_scripts


def test_a_list_of_links_is_still_read():
    """A start page is hardly anything else."""
    items = "".join(f'<li><a href="/{n}">Chapter {n}: the sea</a></li>' for n in range(40))
    found = read_html(f"<html><body><h1>Contents</h1><ul>{items}</ul></body></html>", url=URL)
    assert "Chapter 0: the sea" in found.text
    assert "Chapter 39: the sea" in found.text


def test_a_page_too_large_for_a_tree_is_read_between_its_tags():
    """Without telling text from frames."""
    rows = "<tr><td>left</td><td>right</td></tr>" * 30_000
    page = f"<html><head><title>Big  one</title><script>x()</script></head><body><table>{rows}</table></body></html>"
    found = read_html(page, url=URL)
    assert (found.title, found.date) == ("Big one", "")
    assert found.text.splitlines()[:2] == ["left right", "left right"]
    assert len(found.text.splitlines()) == 30_000


def test_a_date_is_not_guessed_from_prose():
    """A wrong date is worse than none."""
    page = "<html><body><p>The treaty of 4 May 1652 ended the war, as was told in 2011.</p></body></html>"
    assert not read_html(page, url=URL).date
