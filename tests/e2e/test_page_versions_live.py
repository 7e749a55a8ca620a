"""The page in a real browser on the real server: versions of messages, in two tabs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.browser import Page, browser
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.processes import ROOT, running_program
from tests.fakes.side_loop import side_loop

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
QUESTIONS = "[...document.querySelectorAll('.bubble')].map((one) => one.textContent).join()"
ANSWERS = "[...document.querySelectorAll('.answer-text')].map((one) => one.textContent).join()"
NUMBERS = "[...document.querySelectorAll('.versions')].map((one) => one.textContent).join()"
FREE = "document.querySelector('#send').title === 'Send'"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Page, Page, OllamaDouble]]:
    """Give two tabs of the administrator's and the model behind their server."""
    model = OllamaDouble()
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
    }
    program = str(ROOT / "run_backend.py")
    with ExitStack() as stack:
        run = stack.enter_context(side_loop())
        chromium = stack.enter_context(browser())
        run(model.start())
        stack.callback(lambda: run(model.stop()))
        environ["OLLAMA_HOST"] = model.url
        running = running_program(program, folder=tmp_path, ready=LISTENS, environ=environ)
        _, line = stack.enter_context(running)
        address = line.rpartition(LISTENS)[2].strip()
        pages = [Page(chromium, address=address) for _ in range(2)]
        for page in pages:
            log_in(page)
        yield pages[0], pages[1], model


def log_in(page: Page) -> None:
    page.type("#username", "admin")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")
    mode = "document.querySelector('#mode')"
    page.run(f"{mode}.value = 'chat', {mode}.dispatchEvent(new Event('change'))")


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def press(page: Page, selector: str) -> None:
    page.focus(selector)
    page.press("Enter")


def edit(page: Page, more: str) -> None:
    """Add words to the first question and send it."""
    press(page, ".question [aria-label='Edit']")
    page.type(".editor textarea", more)
    page.press("Enter")


def shows(page: Page, questions: str, answers: str, numbers: str) -> None:
    """Wait until all of it is shown, and nothing is under way."""
    found = (
        f"{QUESTIONS} === {questions!r} && {ANSWERS} === {answers!r} && {NUMBERS} === {numbers!r}"
    )
    page.wait(f"{found} && {FREE}")


def test_questions_and_answers_have_versions_that_stay(world) -> None:
    """Each leads to what followed it; another tab sees what became of the conversation."""
    page, other, model = world
    model.queue(*[Reply(content=f"a{at}") for at in range(1, 7)])
    put(page, "q1")
    shows(page, "q1", "a1", "")
    put(page, "q2")
    shows(page, "q1,q2", "a1,a2", "")
    other.run(f"location.hash = {page.run('location.hash')!r}")
    shows(other, "q1,q2", "a1,a2", "")
    edit(page, "b")
    shows(page, "q1b", "a3", "2/2")
    press(page, ".answer [aria-label='Answer again']")
    shows(page, "q1b", "a4", "2/2,2/2")
    press(page, ".question [aria-label='Earlier version']")
    shows(page, "q1,q2", "a1,a2", "1/2")
    press(page, ".question [aria-label='Later version']")
    shows(page, "q1b", "a4", "2/2,2/2")
    press(page, ".answer [aria-label='Earlier version']")
    shows(page, "q1b", "a3", "2/2,1/2")
    edit(other, "c")
    other.wait(f"document.querySelector('#message').value === 'q1c' && {QUESTIONS} === 'q1b'")
    other.focus("#message")
    other.press("Enter")
    shows(other, "q1b,q1c", "a3,a5", "2/2,1/2")
    put(page, "q3")
    shows(page, "q1b,q1c,q3", "a3,a5,a6", "2/2,1/2")


def test_an_answer_that_was_stopped_before_a_word_gives_way_to_what_was_there(world) -> None:
    """The page says that it was stopped; another tab is told that the conversation is busy."""
    page, other, model = world
    model.queue(Reply(content="a1"), Reply(content="late", delay_s=600))
    put(page, "q1")
    shows(page, "q1", "a1", "")
    other.run(f"location.hash = {page.run('location.hash')!r}")
    shows(other, "q1", "a1", "")
    press(page, ".answer [aria-label='Answer again']")
    page.wait(f"document.querySelector('#send').title === 'Stop' && {ANSWERS} === ''")
    edit(other, "b")
    banner = "document.querySelector('#banner').innerText"
    other.wait(f"{banner}.startsWith('This conversation is being answered already')")
    assert other.run("document.querySelector('.editor textarea').value") == "q1b"
    press(page, "#send")
    shows(page, "q1", "a1", "")
    assert page.run(banner).startswith("Stopped.")
