"""The page in a real browser before a scripted server: what one wrote is kept, what one copies and prints is whole."""

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
SENDS = "**/v1/chat/completions"
MOST, PASTED = 200_000, 50_000
CODE = "```sh\nrm -r old\n\n  ls\n```"
PRESSED = "[...document.querySelectorAll('#page :is(button, input, select, textarea)')]"
LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
ARABIC = """مرحبا بالعالم!

* أولا

```py
x = 1
```

And English."""
# Where the first line of an element begins, and where the column of answers does.
SIDES = """(selector) => {
    const one = document.querySelector(selector);
    const range = document.createRange();
    range.selectNodeContents(one);
    const [line] = range.getClientRects();
    const column = document.querySelector('.answer-text').getBoundingClientRect();
    return line.left - column.left > column.right - line.right ? 'right' : 'left';
}"""


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


def put(page: Page, question: str, *, answers: int = 1) -> None:
    """Put a question and wait until that many answers are complete."""
    page.type("#message", question)
    page.press("Enter")
    page.wait(f"{BARS} === {answers} && {DRAFT} === ''")


def copied(page: Page, selector: str) -> str:
    """Press a button that copies, and give what was copied."""
    page.focus(selector)
    page.press("Enter")
    page.wait(f"document.querySelector(`{selector}`).ariaLabel === 'Copied'")
    return page.run("navigator.clipboard.readText()")


def paste(page: Page, words: str) -> None:
    page.tab.evaluate("(words) => navigator.clipboard.writeText(words)", words)
    page.focus("#message")
    page.press("Control+v")


def test_a_question_that_is_refused_comes_back_before_what_was_written_since(opened) -> None:
    """Neither is lost, though both are in one box."""
    page, _, _ = opened
    held: list[Route] = []
    page.tab.route(SENDS, lambda route: held.append(route))
    with page.tab.expect_request(SENDS):
        page.type("#message", "one")
        page.press("Enter")
    page.type("#message", "two")
    held[0].fulfill(status=429, json={"error": {"message": "Too much", "code": "x"}})
    page.wait(f"{BUBBLES}.length === 0")
    assert page.run(DRAFT) == "one\n\ntwo"


def test_a_question_is_put_though_one_leaves_before_it_has_arrived(opened) -> None:
    """It is not taken back half-way: the conversation is there."""
    page, double, _ = opened
    held: list[Route] = []
    page.tab.route(SENDS, lambda route: held.append(route))
    with page.tab.expect_request(SENDS):
        page.type("#message", "one")
        page.press("Enter")
    page.tab.click("#new-chat")
    page.wait(f"{BUBBLES}.length === 0 && {DRAFT} === ''")
    with page.tab.expect_response(SENDS):
        held[0].continue_()
    page.wait("document.querySelector('#conversations a')?.textContent === 'Talk'")
    assert len(double.questions) == 1
    assert page.run(BUBBLES) == []
    assert page.run("location.hash") == "#/"


def test_what_is_being_written_anew_is_there_after_a_log_in(opened) -> None:
    """The session ends while an earlier question is edited; the edit goes on where it was."""
    page, _, _ = opened
    put(page, "one")
    page.focus(".question [aria-label='Edit']")
    page.press("Enter")
    page.type(".editor textarea", " and much more")
    ended = ["**/api/conversations*", "**/api/conversations/*", "**/api/auth/refresh"]
    for one in ended:
        page.tab.route(one, lambda route: route.fulfill(status=401))
    page.run(LOOKED_AT)
    page.wait("!document.querySelector('#login').hidden")
    for one in ended:
        page.tab.unroute(one)
    log_in(page, "ada", "a password")
    page.wait(f"{EDITOR}?.value === 'one and much more'")
    page.focus(".editor textarea")
    page.press("Enter")
    page.wait(f"{BUBBLES}.join() === 'one and much more' && {BARS} === 1")


@pytest.mark.parametrize(("there", "pasted"), [(0, PASTED + 1), (MOST - 9, 20)])
def test_text_that_is_too_long_for_the_box_becomes_a_file_of_the_question(
    opened, there: int, pasted: int
) -> None:
    """All of it arrives; a browser alone would cut it off without a word."""
    page, _, _ = opened
    page.tab.route("**/api/files/upload*", lambda route: route.fulfill(json={"file_id": "file_1"}))
    page.tab.route("**/api/files/documents/file_1", lambda route: route.fulfill(status=500))
    page.tab.fill("#message", "x" * there)
    paste(page, "fits")
    page.wait(f"{DRAFT}.length === {there + 4}")
    long = ("Zeile ä\n" * (pasted // 8 + 1))[:pasted]
    with page.tab.expect_request("**/api/files/upload*") as sent:
        paste(page, long)
    assert long.encode() in (sent.value.post_data_buffer or b"")
    page.wait(f"{CHIPS}.length === 1 && {CHIPS}[0].includes('Pasted text.txt')")
    assert page.run(DRAFT) == "x" * there + "fits"


def test_answers_are_copied_as_they_were_written_and_code_without_its_last_line_end(
    opened,
) -> None:
    """A line end would run a command where it is pasted into a terminal."""
    page, double, _ = opened
    words = f"**So** <b>\u202e x² 👩‍👩‍👧:\n\n{CODE}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    double.scripts["how"] = [{"kind": "content", "text": words}]
    put(page, "how")
    assert copied(page, ".answer .message-bar [aria-label^='Cop']") == words
    assert copied(page, ".answer .code [aria-label^='Cop']") == "rm -r old\n\n  ls"
    assert copied(page, ".question [aria-label^='Cop']") == "how"


def test_what_can_be_done_with_a_question_is_wholly_seen_and_pressed(opened) -> None:
    """Its buttons stand out of the room that the question takes."""
    page, _, _ = opened
    put(page, "one")
    page.tab.hover(".question")
    assert page.run("""(() => {
        const button = document.querySelector(".question [aria-label='Edit']");
        const { bottom, right } = button.getBoundingClientRect();
        const message = button.closest('article');
        const at = document.elementFromPoint(right - 8, bottom - 1);
        return bottom <= message.getBoundingClientRect().bottom && button.contains(at);
    })()""")


def test_what_is_written_from_the_right_begins_there(opened) -> None:
    """Each paragraph for itself; code does not turn, and a list has its marks on its own side."""
    page, double, _ = opened
    double.scripts["سؤال؟"] = [{"kind": "content", "text": ARABIC}]
    put(page, "سؤال؟")
    page.wait("document.querySelector('.answer li')")
    sides = {
        one: page.tab.evaluate(SIDES, f".answer-text {one}")
        for one in ("p", "li", "pre > code", "p:last-of-type")
    }
    assert sides == {"p": "right", "li": "right", "pre > code": "left", "p:last-of-type": "left"}
    mark = "getComputedStyle(document.querySelector('.answer li')).direction"
    assert page.run(mark) == "rtl"
    page.type("#message", "مرحبا!")
    assert page.run("document.querySelector('#message').matches(':dir(rtl)')")


def test_going_back_closes_the_settings_also_when_an_answer_ended_beneath_them(opened) -> None:
    """Their address is theirs for as long as they are open."""
    page, double, _ = opened
    put(page, "one")
    double.decided.clear()
    page.type("#message", "two")
    page.press("Enter")
    page.wait(f"{BUBBLES}.length === 2 && document.querySelector('#send').title === 'Stop'")
    page.tab.click("#who")
    page.wait("document.querySelector('dialog.settings[open]')")
    place = page.wait("location.hash.length > '#/settings/'.length && location.hash")
    double.decided.set()
    page.wait(f"{BARS} === 2")
    assert page.run("location.hash") == place
    page.tab.go_back()
    page.wait("!document.querySelector('dialog.settings') && location.hash === '#/c/conv_1'")


@pytest.mark.parametrize("theme", ["", "dark"])
def test_a_dark_page_is_printed_in_ink(opened, theme: str) -> None:
    """On paper the text is dark, lines of code are whole, and nothing is there to be pressed."""
    page, double, _ = opened
    double.scripts["one"] = [{"kind": "content", "text": f"```\n{'long ' * 90}\n```"}]
    put(page, "one")
    page.run(f"void (document.documentElement.dataset.theme = {theme!r})")
    page.tab.emulate_media(media="print", color_scheme="dark")
    ink = "getComputedStyle(document.querySelector('.answer-text')).color"
    assert page.run(ink) == "rgb(28, 32, 36)"
    assert page.run(f"{PRESSED}.filter((one) => one.checkVisibility()).map((one) => one.id)") == []
    page.wait("document.querySelector('.code')")
    assert (
        page.run(
            "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.code pre'))"
        )
        == 0
    )


def test_a_tab_that_is_looked_at_again_shows_what_was_said_in_another(
    opened, chromium: Browser
) -> None:
    """Without a question of its own, and with the draft that stands in it."""
    page, _, address = opened
    put(page, "one")
    page.type("#message", "half a")
    other = Page(chromium, address=f"{address}/#/c/conv_1")
    log_in(other, "ada", "a password")
    other.wait(f"{BARS} === 1")
    put(other, "two", answers=2)
    page.run(LOOKED_AT)
    page.wait(f"{BUBBLES}.join() === 'one,two' && {BARS} === 2")
    assert page.run(DRAFT) == "half a"
    other.close()


def test_a_long_block_of_code_is_copied_from_wherever_one_reads_it(opened) -> None:
    """Its head stays in sight while its lines go by."""
    page, double, _ = opened
    lines = "\n".join(f"x = {n}" for n in range(300))
    double.scripts["long"] = [{"kind": "content", "text": f"```py\n{lines}\n```\n\nThe end."}]
    put(page, "long")
    page.wait("document.querySelector('.answer .code [class^=hljs]')")
    page.run("void (document.querySelector('#scroller').scrollTop = 3000)")
    page.wait("document.querySelector('#to-end').checkVisibility()")
    page.tab.mouse.move(600, 400)
    assert page.run("""(() => {
        const button = document.querySelector('.answer .code button');
        const { left, top, width, height } = button.getBoundingClientRect();
        return button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    })()""")


def test_each_tab_of_the_settings_begins_at_its_top(opened) -> None:
    """However far down one was in the tab before."""
    page, _, _ = opened
    page.resize(1280, 300)
    page.run("void (location.hash = '#/settings/tools')")
    panel = "document.querySelector('.settings-panel')"
    page.wait(f"{panel}?.innerText.includes('web_search')")
    page.run(f"void ({panel}.scrollTop = 60)")
    assert page.run(f"{panel}.scrollTop") == 60
    page.tab.click("#tab-account")
    page.wait(f"{panel}.querySelector('input[type=password]')")
    assert page.run(f"{panel}.scrollTop") == 0
