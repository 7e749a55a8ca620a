"""The page in a real browser before a scripted server: what goes on, or comes back, after one has left it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import PageServer, page_server
from tests.fakes.page_world import log_in

BARS = "document.querySelectorAll('.answer-foot .message-bar').length"
BUBBLES = "[...document.querySelectorAll('.bubble')].map((one) => one.textContent)"
CHIPS = "[...document.querySelectorAll('.composer .attached li')].map((one) => one.innerText)"
DRAFT = "document.querySelector('#message').value"
EDITOR = "document.querySelector('.editor textarea')"
SAID = "[...document.querySelectorAll('.answer-text')].at(-1).textContent"
BANNER = "document.querySelector('#banner').innerText"
CARD = "document.querySelector('.approval')"
ALLOW = ".approval .primary"
REFUSED = {"error": {"message": "Too much", "code": "x"}}
SENDS = "**/v1/chat/completions"
FILE = "**/api/files/documents/file_1"
READY = {"file_id": "file_1", "filename": "Pasted text.txt", "kind": "text", "state": "ready"} | {
    "chars": 60_000,
    "size": 60_000,
    "pages": 0,
    "progress": 1,
    "reason": "",
    "note": "",
}
LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
STORED = "JSON.stringify({ ...sessionStorage, ...localStorage })"
MOST = 200_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start one browser for all."""
    with browser() as started:
        yield started


@pytest.fixture
def opened(chromium: Browser) -> Iterator[tuple[Page, PageServer, str]]:
    """Give a page somebody has logged in to, the server behind it, and its address."""
    with page_server() as (double, address):
        page = Page(chromium, address=address)
        log_in(page, "ada", "a password")
        yield page, double, address
        page.close()


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")
    page.wait(f"{BARS} === 1 && {DRAFT} === ''")


def go(page: Page, place: str) -> None:
    """Follow an address of the page, until what it names is shown."""
    page.run(f"void (location.hash = {place!r})")
    shown = (
        "document.querySelector('#log article')" if "conv" in place else f"{BUBBLES}.length === 0"
    )
    page.wait(shown)


def hold(page: Page, address: str) -> list[Route]:
    """Keep the next call of an address from the server until the test lets it go."""
    held: list[Route] = []
    page.tab.route(address, lambda it: it.continue_() if held else held.append(it))
    return held


def paste(page: Page, field: str, words: str) -> None:
    page.tab.evaluate("(words) => navigator.clipboard.writeText(words)", words)
    page.focus(field)
    page.press("Control+v")


def attach(page: Page) -> None:
    """Paste a text that becomes a file of the question, and wait until that is read."""
    page.tab.route("**/api/files/upload*", lambda route: route.fulfill(json={"file_id": "file_1"}))
    page.tab.route(FILE, lambda route: route.fulfill(json=READY))
    paste(page, "#message", "x" * 60_000)
    page.wait(f"{CHIPS}.length === 1 && {CHIPS}[0].includes('KB')")


def edit(page: Page, more: str) -> None:
    page.focus(".question [aria-label='Edit']")
    page.press("Enter")
    page.type(".editor textarea", more)


@pytest.mark.parametrize(("here", "there"), [("#/", "#/c/conv_1"), ("#/c/conv_1", "#/")])
def test_a_question_that_is_refused_after_one_has_left_is_the_draft_where_it_was_written(
    opened, here: str, there: str
) -> None:
    """With its files; what is written elsewhere by then stays alone, and the page says what happened."""
    page, _, _ = opened
    put(page, "zero")
    go(page, here)
    attach(page)
    held = hold(page, SENDS)
    with page.tab.expect_request(SENDS):
        page.type("#message", "one")
        page.press("Enter")
    go(page, there)
    page.type("#message", "elsewhere")
    held[0].fulfill(status=429, json=REFUSED)
    page.wait(
        f"{BANNER}.startsWith('What you sent before is a draft again') && {BANNER}.includes('Too much')"
    )
    assert page.run(DRAFT) == "elsewhere"
    assert page.run(CHIPS) == []
    go(page, here)
    page.wait(f"{DRAFT} === 'one' && {CHIPS}.length === 1")
    assert page.run(BUBBLES) == (["zero"] if "conv" in here else [])
    page.run("location.reload()")
    page.wait(f"{DRAFT} === 'one'")


def test_a_question_is_put_though_one_leaves_while_its_files_are_looked_for(opened) -> None:
    """They are asked after first, when a chat asks its own alone."""
    page, double, _ = opened
    attach(page)
    page.tab.select_option(".scope", "chat")
    page.tab.unroute(FILE)
    held: list[Route] = []
    page.tab.route(FILE, lambda route: held.append(route))
    page.type("#message", "one")
    with page.tab.expect_request(FILE):
        page.press("Enter")
    page.tab.click("#new-chat")
    page.wait(f"{BUBBLES}.length === 0")
    with page.tab.expect_response(SENDS):
        held[0].fulfill(json=READY)
    page.wait("document.querySelector('#conversations a')?.textContent === 'Talk'")
    assert [one["file_ids"] for one in double.questions] == [["file_1"]]
    assert page.run(BUBBLES) == []


def test_the_files_of_a_question_are_there_after_a_reload_unless_they_are_gone(opened) -> None:
    """Beside the draft they go with; nothing of them is left when one has logged out."""
    page, _, _ = opened
    attach(page)
    page.type("#message", "about it")
    page.reload(f"{DRAFT} === 'about it' && {CHIPS}.length === 1 && {CHIPS}[0].includes('KB')")
    page.tab.route(FILE, lambda route: route.fulfill(status=404))
    page.reload(f"{CHIPS}[0]?.includes('It was deleted')")
    page.tab.click("#logout")
    page.wait("!document.querySelector('#login').hidden")
    assert "Pasted" not in page.run(STORED)


def test_an_edit_is_there_after_a_reload_until_it_is_left_or_one_logs_out(opened) -> None:
    """It goes on where it was, beside the draft."""
    page, _, _ = opened
    put(page, "one")
    page.type("#message", "a draft")
    edit(page, " and much more")
    page.reload()
    page.wait(f"{EDITOR}?.value === 'one and much more' && {DRAFT} === 'a draft'")
    page.focus(".editor textarea")
    page.press("Escape")
    page.reload()
    page.wait(f"{BARS} === 1 && {BUBBLES}.join() === 'one'")
    assert page.run(EDITOR) is None
    edit(page, " and much more")
    assert "much more" in page.run(STORED)
    page.tab.click("#logout")
    page.wait("!document.querySelector('#login').hidden")
    assert "much more" not in page.run(STORED)


def test_the_tab_names_no_conversation_while_a_log_in_is_asked_for(opened) -> None:
    """Others may look at it then; afterwards it does again."""
    page, _, _ = opened
    put(page, "one")
    page.wait("document.title === 'Talk · Steward'")
    ended = ["**/api/conversations*", "**/api/conversations/*", "**/api/auth/refresh"]
    for one in ended:
        page.tab.route(one, lambda route: route.fulfill(status=401))
    page.run(LOOKED_AT)
    page.wait("!document.querySelector('#login').hidden")
    assert page.run("document.title") == "Steward"
    for one in ended:
        page.tab.unroute(one)
    log_in(page, "ada", "a password")
    page.wait("document.title === 'Talk · Steward'")


def test_an_edit_that_is_refused_after_one_has_left_is_open_when_one_is_back(opened) -> None:
    """In its place; one that was put is not."""
    page, double, _ = opened
    put(page, "one")
    edit(page, " more")
    held = hold(page, SENDS)
    with page.tab.expect_request(SENDS):
        page.press("Enter")
    go(page, "#/")
    held[0].fulfill(status=429, json=REFUSED)
    page.wait(f"{BANNER}.startsWith('What you sent before is a draft again')")
    go(page, "#/c/conv_1")
    page.wait(f"{EDITOR}?.value === 'one more'")
    page.focus(".editor textarea")
    page.press("Enter")
    page.wait(f"{BUBBLES}.join() === 'one more' && {BARS} === 1")
    double.tree.show("msg_1")
    page.reload()
    page.wait(f"{BUBBLES}.join() === 'one' && {BARS} === 1")
    assert page.run(EDITOR) is None


def test_an_approval_that_was_decided_elsewhere_is_settled_when_one_looks_again(opened) -> None:
    """The answer goes on; the card says what was allowed."""
    page, double, _ = opened
    page.type("#message", "fetch it")
    page.press("Enter")
    page.wait(CARD)
    page.wait("document.querySelector('#send').title === 'Send'")
    page.run(LOOKED_AT)
    double.go_on("approve")
    page.run(LOOKED_AT)
    page.wait(f"{SAID}.includes('The page says hi.')")
    words = page.run(f"{CARD}.innerText")
    for one in ("web_fetch", "url: https://evil.example/\\u{202e}txt body: <img", "Allowed."):
        assert one in words
    assert not page.run(f"document.querySelector('{ALLOW}').checkVisibility()")
    assert double.decisions == []
    assert page.complaints == []


def test_an_approval_that_is_decided_in_another_tab_goes_on_in_both(opened) -> None:
    """At once, beside each other on a screen."""
    page, double, address = opened
    page.type("#message", "fetch it")
    page.press("Enter")
    page.wait(f"{CARD} && document.querySelector('#send').title === 'Send'")
    other = page.tab.context.new_page()
    other.goto(f"{address}/#/c/conv_1")
    other.click(ALLOW)
    page.wait(f"{SAID}.includes('The page says hi.')")
    assert "Allowed." in page.run(f"{CARD}.innerText")
    assert double.decisions == [("call_9", "approve")]


def test_a_text_that_is_too_long_for_an_edit_is_refused_with_a_word(opened) -> None:
    """A browser alone would cut it off without one."""
    page, _, _ = opened
    put(page, "one")
    edit(page, " ")
    paste(page, ".editor textarea", "x" * MOST)
    page.wait("document.querySelector('.editor [role=status]').innerText.includes('200,000')")
    assert page.run(f"{EDITOR}.value") == "one "
    paste(page, ".editor textarea", "y" * (MOST - 4))
    page.wait(f"{EDITOR}.value.length === {MOST}")
    assert page.run("document.querySelector('.editor [role=status]').innerText") == ""
