"""The page in a real browser before a scripted server: a conversation of many messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import PageServer, page_server

ANSWERS = 150
PART = "## Part {n}\n\n* one\n* two\n\n```python\nmoved = {n}\n```\n\nA paragraph about it.\n"
FILLED = "document.querySelectorAll('.answer-text:not(:empty)').length"
TITLES = """
window.titles = [];
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.matches('.answer-text') && target.firstChild) titles.push(target.firstChild.textContent);
}).observe(document.querySelector('#log'), { childList: true, subtree: true });
"""
MARKED = """[...CSS.highlights.get('sought')].map(
    (one) => one.startContainer.data.slice(one.startOffset, one.endOffset)
)"""
LEFT_PX = "(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight)"


@pytest.fixture
def opened() -> Iterator[tuple[Page, PageServer]]:
    """Give a page somebody has logged in to, and a server that holds a long conversation."""
    with browser() as chromium, page_server() as (double, address):
        for n in range(1, ANSWERS + 1):
            double.tree.add({"role": "user", "content": f"And part {n}?"}, run="")
            double.tree.add({"role": "assistant", "content": PART.format(n=n)}, run="")
        page = Page(chromium, address=address)
        page.type("#username", "ada")
        page.type("#password", "a password")
        page.press("Enter")
        page.wait("!document.querySelector('#page').hidden")
        page.tab.evaluate(TITLES)
        page.run("void (location.hash = '#/c/conv_1')")
        yield page, double


def test_the_newest_messages_come_first_and_all_the_others_after_them(opened) -> None:
    """The end of the conversation is on the screen before its beginning is worked on."""
    page, _ = opened
    page.wait(f"{FILLED} === {ANSWERS}")
    titles = page.run("titles")
    assert titles[0] in {f"Part {ANSWERS - at}" for at in range(4)}
    assert titles[-1] == "Part 1"
    assert page.wait(f"{LEFT_PX} < 2")
    assert page.run("document.querySelectorAll('.question [data-waits]').length") == ANSWERS
    assert page.complaints == []


def test_what_is_read_stays_in_its_place_while_earlier_messages_come(opened) -> None:
    """A reader who has scrolled up is not moved; the end is a button away."""
    page, _ = opened
    page.wait(f"{FILLED} > 3 && {LEFT_PX} < 2")
    page.tab.mouse.move(700, 300)
    page.tab.mouse.wheel(0, -900)
    page.wait(f"{LEFT_PX} > 800")
    top = "window.seen.getBoundingClientRect().top"
    page.run("void (window.seen = document.elementFromPoint(700, 300).closest('article'))")
    before_px = page.run(f"new Promise(requestAnimationFrame).then(() => {top})")
    page.wait(f"{FILLED} === {ANSWERS}")
    assert page.run(top) == pytest.approx(before_px, abs=2)
    page.tab.click("#to-end")
    assert page.wait(f"{LEFT_PX} < 2")


def test_the_beginning_is_a_key_away(opened) -> None:
    """Home leads to the first message, which is filled by then."""
    page, _ = opened
    page.wait(f"{LEFT_PX} < 2 && {FILLED} > 3")
    page.wait("document.activeElement.id === 'message'")
    page.run("document.querySelector('#scroller').focus()")
    page.press("Home")
    assert page.wait("scroller.scrollTop === 0 && document.querySelector('.answer-text > h3')")


def test_only_what_is_new_is_fetched_after_an_answer(opened) -> None:
    """The conversation is fetched once; then what follows its last message."""
    page, double = opened
    page.wait(f"{FILLED} === {ANSWERS}")
    last = double.tree.head
    page.type("#message", "And now?")
    page.press("Enter")
    page.wait(f"document.querySelectorAll('.answer [aria-label=Copy]').length > {ANSWERS}")
    page.wait(f"{FILLED} === {ANSWERS + 1} && document.querySelector('#send').title === 'Send'")
    asked = [one.partition("/conv_1")[2] for one in page.asked if "/conv_1" in one]
    assert asked == ["", f"?after={last}"]


def test_a_conversation_that_was_searched_for_is_opened_where_the_words_stand(opened) -> None:
    """It stays there while the messages around come; without words it is opened at its end."""
    page, _ = opened
    page.wait(f"{FILLED} > 3 && {LEFT_PX} < 2")
    page.run("void (location.hash = '#/')")
    page.wait("!document.querySelector('#welcome').hidden")
    page.type("#search", " PART 20? ")
    page.run("void (location.hash = '#/c/conv_1')")
    page.wait(f"{FILLED} === {ANSWERS}")
    top_px = """(() => {
        const one = [...document.querySelectorAll('.bubble')].find((it) => it.textContent === 'And part 20?');
        return one.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    })()"""
    assert 0 <= page.run(top_px) < 60
    assert page.run("document.querySelector('#to-end').checkVisibility()")
    assert page.run(MARKED) == ["part 20?"]
    page.run("void (document.querySelector('#search').value = 'nowhere', location.hash = '#/')")
    page.wait("!document.querySelector('#welcome').hidden")
    page.run("void (location.hash = '#/c/conv_1')")
    page.wait(f"{FILLED} === {ANSWERS} && {LEFT_PX} < 2")
    assert page.run(MARKED) == []
