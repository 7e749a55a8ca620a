"""Parts of the page that are loaded when they are first wanted: nothing is lost until they are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import page_server

LOST = "The server cannot be reached. Trying again"
UNREACHABLE = "The server cannot be reached. Check that it is running, then try again."
DRAFT = "document.querySelector('#message').value"
BUBBLES = "[...document.querySelectorAll('.bubble')].map((one) => one.textContent)"
PANEL = "document.querySelector('#files').checkVisibility()"


@pytest.fixture
def page() -> Iterator[Page]:
    """Give a page somebody has logged in to."""
    with browser() as chromium, page_server() as (_, address):
        page = Page(chromium, address=address)
        page.type("#username", "ada")
        page.type("#password", "a password")
        page.press("Enter")
        page.wait("document.activeElement.id === 'message'")
        yield page


class Held:
    """Keeps one file of the page from coming, until it is let go or refused."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._routes: list[Route] = []
        self._is_over = False
        page.tab.route(f"**/{name}", lambda route: self._hold(route))

    def _hold(self, route: Route) -> None:
        if self._is_over:
            route.continue_()
        else:
            self._routes.append(route)

    def wait(self) -> None:
        """Wait until the page has asked for it."""
        while not self._routes:
            self._page.run("new Promise(requestAnimationFrame)")

    def let_go(self) -> None:
        """Let it come, now and later."""
        self.wait()
        self._is_over = True
        for one in self._routes:
            one.continue_()

    def refuse(self) -> None:
        """Break the connection it was to come by; later it comes."""
        self.wait()
        self._is_over = True
        for one in self._routes:
            one.abort()


def asked_for(page: Page, name: str) -> int:
    """Count how often a file of the page was asked for."""
    return sum(one.endswith(name) for one in page.asked)


def test_a_first_visit_asks_for_no_part_that_it_does_not_show(page) -> None:
    """Neither a conversation, nor documents, nor libraries."""
    page.wait("document.querySelector('#list-note').textContent")
    later = (
        "chat/chat.js",
        "files-panel.js",
        "moving.js",
        "uploads.js",
        "settings.js",
        "marked.js",
    )
    assert {name: asked_for(page, name) for name in later} == dict.fromkeys(later, 0)
    page.type("#message", "Hel")
    page.wait("performance.getEntriesByType('resource').some((one) => /marked/.test(one.name))")
    assert asked_for(page, "chat/chat.js") == 1


def test_a_question_waits_for_the_conversation_and_a_second_one_stays_a_draft(page) -> None:
    """It is put once, however often it is sent."""
    held = Held(page, "chat/chat.js")
    page.type("#message", "Draw it")
    page.press("Enter")
    page.press("Enter")
    page.type("#message", "And another")
    page.press("Enter")
    assert page.run(DRAFT) == ""
    held.let_go()
    page.wait("document.querySelector('.answer-foot')?.hasChildNodes()")
    assert page.run(BUBBLES) == ["Draw it"]
    assert page.run(DRAFT) == "And another"
    assert asked_for(page, "chat/chat.js") == 1
    assert page.complaints == []


def test_a_question_that_cannot_be_put_is_a_draft_again_and_can_be_sent_then(page) -> None:
    """The page says that the server cannot be reached."""
    held = Held(page, "chat/chat.js")
    page.type("#message", "Draw it")
    page.press("Enter")
    held.refuse()
    page.wait(f"document.querySelector('#banner').innerText.startsWith('{LOST}')")
    assert page.run(DRAFT) == "Draw it"
    page.focus("#message")
    page.press("Enter")
    page.wait("document.querySelector('.answer-foot')?.hasChildNodes()")
    assert page.run(BUBBLES) == ["Draw it"]


def test_another_conversation_that_is_opened_meanwhile_is_the_one_that_is_shown(page) -> None:
    """Its draft is kept apart while the first is still coming."""
    held = Held(page, "chat/chat.js")
    page.run("void (location.hash = '#/c/conv_none')")
    held.wait()
    page.run("void (location.hash = '#/')")
    page.type("#message", "For a new one")
    held.let_go()
    page.press("Enter")
    page.wait("document.querySelector('.answer-foot')?.hasChildNodes()")
    assert page.run(BUBBLES) == ["For a new one"]


def test_two_clicks_open_and_close_documents_that_were_not_there_yet(page) -> None:
    """A third one opens them, and the focus is theirs."""
    held = Held(page, "files/files-panel.js")
    opener = page.tab.locator("#open-files")
    opener.dblclick()
    assert not page.run(PANEL)
    held.let_go()
    page.wait("document.querySelector('#files .handle')")
    assert not page.run(PANEL)
    opener.click()
    page.wait(PANEL)
    assert page.run("document.activeElement.id") == "files-title"
    page.press("Escape")
    page.wait(f"!{PANEL}")
    assert page.run("document.activeElement.id") == "open-files"


def test_documents_that_cannot_be_loaded_say_so_and_open_at_the_next_click(page) -> None:
    """Nothing else of the page is in the way."""
    held = Held(page, "files/files-panel.js")
    page.tab.locator("#open-files").click()
    held.refuse()
    page.wait(f"document.querySelector('#banner').innerText.startsWith('{LOST}')")
    page.tab.locator("#open-files").click()
    page.wait(PANEL)


def test_a_question_does_not_leave_without_a_file_that_was_dropped_at_once(
    page, tmp_path: Path
) -> None:
    """It waits for what shows the file; when that cannot come, the page says so and keeps the question."""
    held = Held(page, "files/moving.js")
    (tmp_path / "note.txt").write_text("Rent: 900")
    page.drop([tmp_path / "note.txt"])
    page.type("#message", "What is the rent?")
    page.press("Enter")
    assert page.run("document.querySelector('#message').readOnly")
    names = "[...document.querySelectorAll('.composer .attached li')].map((one) => one.innerText)"
    assert page.run(names) == ["note.txt"]
    held.refuse()
    page.wait(f"document.querySelector('.attach-note').textContent === '{UNREACHABLE}'")
    assert page.run(DRAFT) == "What is the rent?"
    assert page.run(BUBBLES) == []
    assert page.run(names) == []
    page.drop([tmp_path / "note.txt"])
    page.wait("document.querySelectorAll('.composer .attached li').length === 1")
