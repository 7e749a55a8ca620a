"""The page in a real browser before a scripted server: artifacts, links to nowhere, approvals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import PageServer, page_server

CARD = ".approval"
ALLOW = ".approval .primary"
NOTE = "document.querySelector('.approval [role=status]').textContent"
SAID = "[...document.querySelectorAll('.answer-text')].at(-1).textContent"
FOCUSED = "document.activeElement.className"


@pytest.fixture
def opened(tmp_path) -> Iterator[tuple[Page, PageServer]]:
    """Give a page somebody has logged in to, and the server behind it."""
    with browser() as chromium, page_server() as (double, address):
        page = Page(chromium, address=address)
        page.type("#username", "ada")
        page.type("#password", "a password")
        page.press("Enter")
        page.wait("!document.querySelector('#page').hidden")
        yield page, double


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def links(page: Page) -> list[str]:
    return page.run("[...document.querySelectorAll('.answer-text a')].map((one) => one.href)")


def test_pictures_and_files_come_from_our_own_origin_and_unseen_hosts_are_no_links(opened) -> None:
    """While it is streamed, and after a reload, when hosts and sizes are in the stored trace only."""
    page, double = opened
    put(page, "Draw it, as on www.mine.example please")
    page.wait("document.querySelector('.answer-foot').hasChildNodes()")
    for at in range(2):
        page.wait("document.querySelector('.answer-text .picture img')?.naturalWidth === 640")
        page.wait("!document.querySelector('.answer-text .unsized')")
        own = page.run("location.origin")
        made = [f"{own}/api/artifacts/art_{one}" for one in (1, 1, 2)]
        assert links(page) == ["https://known.example/a", "https://mine.example/", *made], at
        page.wait(f"{SAID}.includes('stolen (https://evil.example/?q=sesame)')")
        words = page.run(SAID)
        assert "https://evil.example/auto" in words
        assert "2.3 KB" in words
        assert page.run("document.querySelector('.picture img').alt") == "chart.png"
        tip = "document.querySelector('.unlinked').title"
        assert page.run(tip) == "Link not shown: host not seen in sources"
        page.run("document.querySelector('.trace > summary').click()")
        page.wait("document.querySelector('.tool')")
        page.run("document.querySelector('.tool > summary').click()")
        cells = "[...document.querySelectorAll('.tool td')].map((one) => one.textContent)"
        assert page.run(cells) == ["Oslo", "2", "<b>", ""]
        page.wait("document.querySelector('.tool .picture img')?.naturalWidth === 640")
        if at == 0:
            page.reload()
    assert all("key" not in one for one in double.fetched)
    assert page.complaints == []


@pytest.mark.parametrize(("selector", "decision"), [(ALLOW, "approve"), (CARD + " button", "deny")])
def test_an_approval_is_answered_by_keyboard_and_the_answer_goes_on(
    opened, selector: str, decision: str
) -> None:
    """The card has the focus, shows all that is asked for, and says how it was decided."""
    page, double = opened
    put(page, "fetch it")
    page.wait(f"document.querySelector('{CARD}') === document.activeElement")
    assert double.questions[0]["approvals"] == "events"
    shown = page.run(f"document.querySelector('{CARD}').innerText")
    assert "https://evil.example/\\u{202e}txt" in shown
    assert "<img src=x>\nurl: good" in shown
    assert "The address was made by the model." in shown
    assert "10 min left" in shown
    page.focus(selector)
    page.press("Enter")
    page.wait(f"{SAID}.includes('The page says hi.')")
    assert page.run(SAID) == "I will look. The page says hi."
    assert double.decisions == [("call_9", decision)]
    assert page.run(NOTE) == ("Allowed." if decision == "approve" else "Not allowed.")
    assert page.run(FOCUSED) == "approval"
    assert page.run("document.querySelectorAll('#log article').length") == 2
    assert page.complaints == []


def test_an_approval_is_there_again_after_a_reload_and_may_be_decided_elsewhere(opened) -> None:
    """The card says so, and the answer goes on all the same."""
    page, double = opened
    put(page, "fetch it")
    page.wait(f"document.querySelector('{CARD}')")
    page.reload()
    page.focus(ALLOW)
    double.go_on("approve")
    page.press("Enter")
    page.wait(f"{SAID}.includes('The page says hi.')")
    assert page.run(NOTE) == "Allowed."
    assert double.decisions == []


def test_an_answer_goes_on_when_it_was_decided_before_its_first_part_had_ended(opened) -> None:
    """Whoever is quicker than the end of the stream waits for nothing."""
    page, double = opened
    double.decided.clear()
    put(page, "fetch it")
    page.focus(ALLOW)
    page.press("Enter")
    page.wait(f"{SAID}.includes('The page says hi.')")
    assert double.decisions == [("call_9", "approve")]
    assert page.complaints == []


@pytest.mark.parametrize("address", ["**/approvals/call_9", "**/api/runs/run_2/events"])
def test_whoever_leaves_while_an_answer_goes_on_is_not_followed_by_it(opened, address: str) -> None:
    """The new chat shows neither its end as an error nor a button that would stop it."""
    page, double = opened
    put(page, "fetch it")
    page.wait("document.querySelector('.approval')")
    held: list[Route] = []
    page.tab.route(address, lambda it: it.continue_() if held else held.append(it))
    with page.tab.expect_request(address):
        page.focus(ALLOW)
        page.press("Enter")
    page.run("location.hash = '#/'")
    page.wait("!document.querySelector('#welcome').hidden")
    held[0].continue_()
    page.run("fetch('/api/tools').then((found) => found.json())")
    assert double.decisions == [("call_9", "approve")]
    assert page.run("document.querySelector('#send').title") == "Send"
    assert page.run("document.querySelector('#banner').hidden")


def test_an_approval_that_nobody_answers_in_time_says_so(opened) -> None:
    """It cannot be pressed any more."""
    page, double = opened
    double.ttl_ms = 1500
    put(page, "fetch it")
    page.wait(f"{NOTE}.startsWith('Nobody decided in time')")
    assert not page.run(f"document.querySelector('{ALLOW}').checkVisibility()")


def test_the_tools_are_listed_with_what_keeps_them_from_working(opened) -> None:
    """One that is on says what the rules say; one that tries itself says so, one that is off why."""
    page, _ = opened
    page.focus("#open-tools")
    page.press("Enter")
    page.wait("document.querySelector('.settings[open] .rows li')")
    items = "[...document.querySelectorAll('.rows li')]"
    shown = "[one.dataset.state, ...one.querySelectorAll('code, p')]"
    words = f"{items}.map((one) => {shown}.map((part) => part.textContent ?? part))"
    assert page.run(words) == [
        ["ok", "sql_query", "Asks you before each use", "SQL."],
        ["off", "python_code", "checking", "Limited Python."],
        ["off", "web_search", "no provider is set", ""],
    ]
    chosen = "document.querySelector('[role=tab][aria-selected=true]').textContent"
    assert page.run(chosen) == "Tools"
    page.press("Escape")
    page.wait("document.activeElement.id === 'open-tools'")
    assert page.complaints == []
