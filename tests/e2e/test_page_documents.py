"""The page in a real browser on the real server: from a dropped file to the passage behind a marker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.browser import Page, browser
from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import ROOT, running_program
from tests.fakes.sample_files import pdf_of_lines

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
NOTICE = "Either party may end the lease with a notice of 90 days."
HOSTILE = "The wombat says <img src=x onerror=alert(1)> ![dot](http://127.0.0.1:9/x.png) sesame."
MARKER = "#log > article:last-of-type .cite"


def log_in(page: Page) -> None:
    page.type("#username", "admin")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")


def ask(page: Page, question: str, *, answers: int) -> str:
    """Put a question and give the text of its answer once that is complete."""
    page.type("#message", question)
    page.press("Enter")
    foots = "[...document.querySelectorAll('.answer-foot')]"
    page.wait(f"{foots}.filter((one) => one.hasChildNodes()).length === {answers}")
    return page.run("[...document.querySelectorAll('.answer-text')].at(-1).textContent")


def open_marker(page: Page) -> tuple[str, str]:
    """Open the last answer's marker by keyboard; give the title of the passage and what is marked."""
    page.focus(MARKER)
    page.press("Enter")
    marked = page.wait("document.querySelector('#files mark')?.textContent")
    return page.run("document.querySelector('#files-title').textContent"), marked


@pytest.fixture
def open_page(tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Run the server and a browser; give a way to open one of its addresses as somebody new."""
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
        "OLLAMA_HOST": "127.0.0.1:9",
    }
    program = str(ROOT / "run_backend.py")
    with (
        browser() as chromium,
        running_program(program, folder=tmp_path, ready=LISTENS, environ=environ) as (_, line),
    ):
        address = line.rpartition(LISTENS)[2].strip()
        yield lambda place: Page(chromium, address=f"{address}{place}")


def add_documents(page: Page, folder: Path) -> None:
    """Drop one file over the documents, choose two others, and wait until all have been read."""
    lease, hostile, bad = (folder / name for name in ("lease.pdf", "wombat.txt", "bad.pdf"))
    lease.write_bytes(pdf_of_lines([["The rent is 900 euros a month."], [NOTICE]]))
    hostile.write_text(HOSTILE)
    bad.write_bytes(b"%PDF-1.7\nnothing")
    page.resize(700, 800)  # where the documents cover the chat
    page.run("document.querySelector('#open-files').click()")
    page.wait("!document.querySelector('#files').hidden")
    page.drop([lease])
    page.wait("document.querySelector('#file-list li')")
    page.resize(1280, 800)
    page.choose("#picker", [hostile, bad])
    states = "[...document.querySelectorAll('#file-list li')].map((one) => one.className).sort()"
    page.wait(f"String({states}) === 'failed,ready,ready'")


def erase(page: Page, name: str) -> None:
    """Delete a file from the list, by keyboard."""
    for step in (f"#file-list [aria-label='Delete: {name}']", "dialog .danger"):
        page.focus(step)
        page.press("Enter")
    page.wait(f"!document.querySelector('#file-list [title=\"{name}\"]')")


def test_a_person_adds_documents_asks_and_checks_the_passage(
    tmp_path: Path, open_page: Callable[[str], Page]
) -> None:
    """By drop and by dialog, by keyboard, by a link while logged out, and after the file is gone."""
    page = open_page("/")
    log_in(page)
    add_documents(page, tmp_path)
    assert "damaged" in page.run("document.querySelector('#file-list .failed').innerText")

    assert NOTICE in ask(page, "What notice does the lease ask for?", answers=1)
    title, marked = open_marker(page)
    assert title == "lease.pdf, page 2"
    assert NOTICE in marked
    place = page.run(f"new URL(document.querySelector('{MARKER}').href).pathname")
    page.press("Escape")
    assert page.run("document.activeElement.className") == "cite"

    ask(page, "What does the wombat say?", answers=2)
    assert open_marker(page) == ("wombat.txt", HOSTILE)
    assert page.run("document.querySelectorAll('#log img, #files img').length") == 0
    assert page.complaints == []

    other = open_page(place)
    log_in(other)
    assert NOTICE in other.wait("document.querySelector('#files mark')?.textContent")
    other.focus("#files-back")
    other.press("Enter")
    erase(other, "lease.pdf")
    assert other.complaints == []

    page.run("document.querySelector('#log .cite').click()")
    gone = page.wait("document.querySelector('#files [role=alert]')?.textContent")
    assert gone == "This passage is not there any more, or it is not yours."
