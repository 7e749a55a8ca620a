"""The page in a real browser before a scripted server: what one does with messages, and drafts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import PageServer, page_server

STATUS = "document.querySelector('#status').textContent"
BANNER = "document.querySelector('#banner').innerText"
QUESTIONS = "[...document.querySelectorAll('.bubble')].map((one) => one.textContent)"
ANSWERS = "[...document.querySelectorAll('.answer-text')].map((one) => one.textContent)"
NUMBERS = "[...document.querySelectorAll('.versions')].map((one) => one.textContent)"
BARS = "document.querySelectorAll('.answer-foot .message-bar').length"
FIELD = "document.querySelector('#message')"
EDIT = ".question [aria-label='Edit']"
AGAIN = ".answer [aria-label='Answer again']"
INFO = ".answer [aria-label='How this answer was made']"
EDITOR = ".editor textarea"
CONVERSATION = "**/api/conversations/conv_1"


@pytest.fixture
def opened(tmp_path) -> Iterator[tuple[Page, PageServer]]:
    """Give a page somebody has logged in to, and the server behind it."""
    with browser() as chromium, page_server() as (double, address):
        page = Page(chromium, address=address)
        log_in(page)
        yield page, double


def log_in(page: Page) -> None:
    page.type("#username", "ada")
    page.type("#password", "a password")
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")


def put(page: Page, question: str, *, answers: int) -> None:
    """Put a question and wait until that many answers are complete."""
    page.type("#message", question)
    page.press("Enter")
    page.wait(f"{BARS} === {answers} && {FIELD}.value === ''")


def press(page: Page, selector: str) -> None:
    page.focus(selector)
    page.press("Enter")


def edit(page: Page, more: str) -> None:
    """Add words to the first question and send it."""
    press(page, EDIT)
    page.type(EDITOR, more)
    page.press("Enter")


def test_an_edited_question_takes_the_place_of_all_that_followed_it(opened) -> None:
    """Both versions stay, also after a reload; each is shown with what followed it."""
    page, double = opened
    put(page, "one", answers=1)
    put(page, "two", answers=2)
    edit(page, " more")
    page.wait(f"{NUMBERS}.length === 1 && {BARS} === 1")
    assert double.questions[-1]["replaces"] == "msg_1"
    assert page.run(QUESTIONS) == ["one more"]
    assert page.run(ANSWERS) == ["one more, answer 3"]
    assert page.run(NUMBERS) == ["2/2"]
    page.reload()
    page.wait(f"{BARS} === 1")
    press(page, "[aria-label='Earlier version']")
    page.wait(f"{BARS} === 2")
    assert page.run(QUESTIONS) == ["one", "two"]
    assert page.run(NUMBERS) == ["1/2"]
    assert page.run(STATUS) == "Version 1 of 2"
    assert page.run("document.activeElement.ariaLabel") == "Earlier version"
    put(page, "three", answers=3)
    assert page.run(QUESTIONS) == ["one", "two", "three"]
    assert page.complaints == []


def test_an_answer_is_given_again_and_the_earlier_one_stays(opened) -> None:
    """By the present mode, or by another that is chosen beside how the answer was made."""
    page, double = opened
    put(page, "one", answers=1)
    press(page, AGAIN)
    page.wait(f"{ANSWERS}[0] === 'one, answer 2' && {NUMBERS}[0] === '2/2'")
    assert double.questions[-1]["messages"] == []
    assert double.questions[-1]["replaces"] == "msg_2"
    assert double.questions[-1]["agent_type"] == "auto"
    press(page, INFO)
    page.wait("document.querySelector('.run-info dl')")
    press(page, ".again-as button:last-of-type")
    page.wait(f"{ANSWERS}[0] === 'one, answer 3' && {NUMBERS}[0] === '3/3'")
    assert double.questions[-1]["agent_type"] == "plan"
    press(page, "[aria-label='Earlier version']")
    page.wait(f"{ANSWERS}[0] === 'one, answer 2'")
    page.press("Enter")
    page.wait(f"{ANSWERS}[0] === 'one, answer 1'")
    assert page.run(NUMBERS) == ["1/3"]
    assert page.run(QUESTIONS) == ["one"]
    assert page.complaints == []


def test_a_version_is_switched_where_it_stands_on_the_screen(opened) -> None:
    """Though what follows it is shorter."""
    page, double = opened
    for at in range(1, 9):
        put(page, f"question {at}", answers=at)
    press(page, f"article:nth-of-type(13) {EDIT.removeprefix('.question ')}")
    page.type(EDITOR, "!")
    page.press("Enter")
    page.wait(f"{NUMBERS}[0] === '2/2' && {BARS} === 7")
    press(page, "[aria-label='Earlier version']")
    page.wait(f"{BARS} === 8")
    top = "document.querySelector('.versions').getBoundingClientRect().top"
    page.run("document.querySelector('.versions').scrollIntoView()")
    before = page.run(top)
    press(page, "[aria-label='Later version']")
    page.wait(f"{BARS} === 7")
    assert page.run(top) == pytest.approx(before, abs=1)
    assert double.tree.question == "question 7!"


def test_a_refused_edit_leaves_everything_as_it_was(opened) -> None:
    """Also what was written, so that it can be sent again when the other window is done."""
    page, double = opened
    put(page, "one", answers=1)
    put(page, "two", answers=2)
    double.busy = True
    edit(page, " more")
    page.wait(f"{BANNER}.startsWith('This conversation is being answered already')")
    page.wait(f"{ANSWERS}.join() === 'one, answer 1,two, answer 2'")
    assert page.run(f"document.querySelector('{EDITOR}').value") == "one more"
    as_before = f"{BANNER} && {ANSWERS}.join() === 'one, answer 1,two, answer 2'"
    press(page, f".answer:last-of-type {AGAIN.removeprefix('.answer ')}")
    page.wait(f"{STATUS} && {as_before}")
    page.type("#message", "three")
    page.press("Enter")
    page.wait(f"{FIELD}.value === 'three' && {as_before}")
    assert len(double.questions) == 5
    double.busy = False
    page.focus(EDITOR)
    page.press("Enter")
    page.wait(f"{ANSWERS}[0] === 'one more, answer 3'")
    assert page.run(f"{FIELD}.value") == "three"


def test_changes_made_in_another_tab_are_seen_with_the_next_answer(opened) -> None:
    """The page shows the conversation as it has become."""
    page, double = opened
    put(page, "one", answers=1)
    double.tree.replace("msg_1")
    double.tree.add({"role": "user", "content": "other"}, run="run_90")
    double.tree.add({"role": "assistant", "content": "done"}, run="run_90")
    page.type("#message", "two")
    page.press("Enter")
    page.wait(f"{QUESTIONS}.join() === 'other,two'")
    page.wait(f"{ANSWERS}.join() === 'done,two, answer 2'")


def test_nothing_is_changed_while_an_answer_is_given_and_the_reason_is_told(opened) -> None:
    """The draft can be written all the same; Escape stops, and then it can be tried again."""
    page, double = opened
    put(page, "one", answers=1)
    double.decided.clear()
    page.type("#message", "two")
    page.press("Enter")
    page.wait(f"{ANSWERS}[1] === 'two, answer 2'")
    for selector in (EDIT, AGAIN):
        press(page, selector)
        assert page.run("document.activeElement.ariaDisabled") == "true"
        assert page.run(STATUS).startswith("An answer is being given.")
        assert page.run("document.activeElement.title") == page.run(STATUS)
    page.type("#message", "next")
    page.press("Enter")
    assert len(double.questions) == 2
    assert page.run(f"{FIELD}.value") == "next"
    page.press("Escape")
    page.wait("document.querySelector('.end-note')?.innerText.startsWith('Stopped.')")
    assert double.cancelled == {"run_11"}
    page.wait("document.querySelector('#send').title === 'Send'")
    press(page, ".retry")
    page.wait(f"{ANSWERS}[1] === 'two, answer 3'")
    assert not page.run("document.querySelector('.end-note')")
    assert page.run(f"{FIELD}.value") == "next"


def test_the_last_question_is_edited_by_arrow_up_and_left_by_escape(opened) -> None:
    """Only from an empty box; what was written is forgotten, and the focus is on its button."""
    page, _ = opened
    put(page, "one", answers=1)
    page.type("#message", "x")
    page.press("ArrowUp")
    assert not page.run("document.querySelector('.editor')")
    page.run(f"{FIELD}.value = ''")
    page.press("ArrowUp")
    page.wait(f"document.activeElement === document.querySelector('{EDITOR}')")
    page.type(EDITOR, " more")
    page.press("Escape")
    assert page.run(QUESTIONS) == ["one"]
    assert page.run("document.activeElement.ariaLabel") == "Edit"


def test_enter_belongs_to_an_input_method_while_it_composes(opened) -> None:
    """In the box for new messages and in the one for an old."""
    page, double = opened
    put(page, "one", answers=1)
    press(page, EDIT)
    page.type("#message", "two")
    for selector in ("#message", EDITOR):
        for how in ("isComposing: true", "keyCode: 229"):
            made = f"new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, cancelable: true, {how} }})"
            kept = page.run(f'document.querySelector("{selector}").dispatchEvent({made})')
            assert kept, (selector, how)
    assert len(double.questions) == 1


def test_how_an_answer_was_made_is_told_by_keyboard(opened) -> None:
    """Way, reason, model, time and tokens; Escape goes back to the button."""
    page, _ = opened
    put(page, "one", answers=1)
    page.reload()
    page.wait("document.querySelector('.trace-amount').textContent === '4.2 s'")
    assert page.run("document.querySelector('.trace-label').textContent") == "Answered directly"
    press(page, INFO)
    page.wait("document.querySelector('.run-info:popover-open dl')")
    told = page.run("[...document.querySelectorAll('.run-info dd')].map((one) => one.innerText)")
    assert told == [
        "Answered directly",
        "It is a plain question. · 80 % sure",
        "double",
        "4.2 s",
        "1,234 read, 56 written",
    ]
    page.press("Escape")
    page.wait("!document.querySelector('.run-info')")
    assert page.run("document.activeElement.ariaLabel") == "How this answer was made"
    assert page.complaints == []


def test_drafts_are_kept_by_conversation_until_one_logs_out(opened) -> None:
    """Through a reload, and through a log-in after the session has ended; never for somebody else."""
    page, _ = opened
    put(page, "one", answers=1)
    page.type("#message", "about one")
    page.run("location.hash = '#/'")
    page.wait(f"{FIELD}.value === ''")
    page.type("#message", "about something new")
    page.reload(f"{FIELD}.value === 'about something new'")
    page.run("location.hash = '#/c/conv_1'")
    page.wait(f"{FIELD}.value === 'about one'")
    press(page, "#logout")
    page.wait("!document.querySelector('#login').hidden")
    assert page.run("JSON.stringify({ ...sessionStorage, ...localStorage })").count("about") == 0
    log_in(page)
    page.run("location.hash = '#/c/conv_1'")
    page.wait(f"{BARS} === 1")
    assert page.run(f"{FIELD}.value") == ""


def test_what_is_sent_while_a_version_is_being_fetched_stays_written(opened) -> None:
    """The message is not lost between two changes, and can be sent after them."""
    page, double = opened
    put(page, "one", answers=1)
    press(page, AGAIN)
    page.wait(f"{NUMBERS}[0] === '2/2' && {BARS} === 1")
    held: list[Route] = []
    page.tab.route(CONVERSATION, lambda it: it.continue_() if held else held.append(it))
    with page.tab.expect_request(CONVERSATION):
        press(page, "[aria-label='Earlier version']")
    page.type("#message", "two")
    page.press("Enter")
    page.wait(f"{STATUS}.startsWith('An answer is being given.')")
    assert page.run(f"{FIELD}.value") == "two"
    held[0].continue_()
    page.wait(f"{NUMBERS}[0] === '1/2'")
    page.focus("#message")
    page.press("Enter")
    page.wait(f"{ANSWERS}.at(-1) === 'two, answer 3'")
    assert len(double.questions) == 3


def test_an_edit_is_not_sent_into_a_conversation_that_was_opened_meanwhile(opened) -> None:
    """It is looked for where the question stands, and one leaves before that is known."""
    page, double = opened
    page.tab.route(CONVERSATION, lambda route: route.fulfill(status=500))
    put(page, "one", answers=1)
    page.tab.unroute(CONVERSATION)
    held: list[Route] = []
    page.tab.route(CONVERSATION, lambda it: it.continue_() if held else held.append(it))
    with page.tab.expect_request(CONVERSATION):
        edit(page, " more")
    page.run("location.hash = '#/'")
    page.wait("!document.querySelector('#welcome').hidden")
    with page.tab.expect_event("requestfinished", lambda asked: "/api/tools" in asked.url):
        held[0].continue_()
        page.run("fetch('/api/tools')")
    assert len(double.questions) == 1
    assert page.run(QUESTIONS) == []


def test_the_documents_stay_open_beside_another_conversation(opened) -> None:
    """On a wide screen; on a phone they cover it, and give way."""
    page, _ = opened
    put(page, "one", answers=1)
    hidden = "document.querySelector('#files').hidden"
    for width, gone in ((1280, False), (360, True)):
        page.resize(width, 740)
        page.run(
            "document.querySelector('#files').hidden && document.querySelector('#open-files').click()"
        )
        page.wait(f"!{hidden}")
        page.run("location.hash = '#/'")
        page.wait(f"!document.querySelector('#welcome').hidden && {hidden} === {str(gone).lower()}")
        page.run("location.hash = '#/c/conv_1'")
        page.wait(f"{BARS} === 1")
        assert page.run(hidden) is gone


def test_what_was_received_stays_though_the_server_had_written_down_less(opened) -> None:
    """Until a reload, and whether or not it tells the beginning again."""
    page, double = opened
    double.dies = True
    double.scripts["Count"] = [{"kind": "content", "text": text} for text in ("One two", " three")]
    double.scripts["Add"] = [{"kind": "content", "text": "Four."}]
    for question, said in (("Count", ["One two three"]), ("Add", ["One two three", "Four."])):
        double.decided.clear()
        page.type("#message", question)
        page.press("Enter")
        page.wait(f"String({ANSWERS}) === '{','.join(said)}'")
        double.decided.set()
        page.run("fetch('/api/tools').then(() => 0)")  # so that the double looks at it
        page.wait(f"{BARS} === {len(said)}")
        assert page.run(ANSWERS) == said
    page.reload()
    page.wait(f"{BARS} === 2")
    assert page.run(ANSWERS) == ["One two", ""]
