"""The page in a real browser before a scripted server: what is done, or goes wrong, at a bad moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import page_server

BANNER = "document.querySelector('#banner').innerText"
QUESTIONS = "[...document.querySelectorAll('.bubble')].map((one) => one.textContent)"
NUMBERS = "[...document.querySelectorAll('.versions')].map((one) => one.textContent)"
FIELD = "document.querySelector('#message')"
FREE = "document.querySelector('#send').title === 'Send'"
STATUS = "document.querySelector('#status').textContent"


@pytest.fixture
def page() -> Iterator[Page]:
    """Give a page somebody has logged in to and asked something."""
    with browser() as chromium, page_server() as (_, address):
        page = Page(chromium, address=address)
        page.type("#username", "ada")
        page.type("#password", "a password")
        page.press("Enter")
        page.wait("!document.querySelector('#page').hidden")
        put(page, "one")
        page.wait(f"document.querySelector('.answer .message-bar button') && {FREE}")
        yield page


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def press(page: Page, selector: str) -> None:
    page.focus(selector)
    page.press("Enter")


def test_a_question_put_while_a_version_is_being_switched_is_not_lost(page: Page) -> None:
    """Its words stay in the box until that is done, and can be sent then."""
    press(page, ".answer [aria-label='Answer again']")
    page.wait(f"{NUMBERS}.join() === '2/2' && {FREE}")
    held = []
    page.tab.route(
        "**/api/conversations/conv_1",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    with page.tab.expect_request("**/api/conversations/conv_1"):
        press(page, ".answer [aria-label='Earlier version']")
    put(page, "two")
    page.wait(f"{STATUS}.includes('Wait for it') && {FIELD}.value === 'two'")
    assert page.run(QUESTIONS) == ["one"]
    held[0].continue_()
    page.wait(f"{NUMBERS}.join() === '1/2'")
    press(page, "#message")
    page.wait(f"{QUESTIONS}.join() === 'one,two' && {FIELD}.value === ''")


def test_a_question_that_only_a_proxy_answered_is_the_draft_again(page: Page) -> None:
    """A page for logging in to the network is no answer; it is said that the server was not reached."""
    page.tab.route(
        "**/v1/chat/completions",
        lambda route: route.fulfill(content_type="text/html", body="<title>Welcome</title>"),
    )
    put(page, "two")
    page.wait(f"{FIELD}.value === 'two' && {BANNER}.includes('cannot be reached')")
    assert page.run(QUESTIONS) == ["one"]


@pytest.mark.parametrize("place", ["", "#/settings/tools"])
def test_settings_that_cannot_be_loaded_say_so_and_can_be_opened_again(
    page: Page, place: str
) -> None:
    """From where one was, or from an address that leads to them at once."""
    page.tab.route("**/settings/settings.js", lambda route: route.abort())
    if place:
        page.tab.goto("about:blank")
        page.tab.go_back(wait_until="commit")
        page.run(f"void (location.hash = {place!r}, location.reload())")
    else:
        page.tab.click("#who")
    page.wait(f"{BANNER}.includes('cannot be reached')")
    page.tab.unroute("**/settings/settings.js")
    page.tab.click("#who")
    page.wait("document.querySelector('dialog.settings[open]')")
    assert [one for one in page.complaints if "Failed to load resource" not in one] == []


def test_nothing_lies_above_the_log_in(page: Page) -> None:
    """When the log-in ends in another tab, dialogs with what is private go."""
    page.tab.click("#open-tools")
    page.wait("document.querySelector('dialog.settings code')")
    page.run("localStorage.removeItem('steward.session')")
    page.run(
        "dispatchEvent(new StorageEvent('storage', { key: 'steward.session', newValue: null }))"
    )
    page.wait("document.querySelector('#username').checkVisibility()")
    page.wait("!document.querySelector('dialog')")
    page.focus("#password")
    page.wait("document.activeElement.id === 'password'")
