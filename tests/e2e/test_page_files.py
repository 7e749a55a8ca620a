"""The page in a real browser on the real server: files that go with a question, and many of them."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fakes.browser import Page, browser
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.processes import ROOT, running_program
from tests.fakes.sample_files import pdf_of_lines
from tests.fakes.side_loop import side_loop

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
ENVIRON = {
    "ADMIN_PASSWORD": PASSWORD,
    "SERVER_PORT": "0",
    "AUTH__BCRYPT_ROUNDS": "10",
    "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
    "DOCUMENTS__MAX_FILE_BYTES": "50000",
}
NOTICE = "Either party may end the lease with a notice of 90 days."
GYM = "Either party may end the lease of the gym with a notice of 30 days."
SEARCH = Call(name="rag_retrieval", arguments={"query": "notice to end the lease"})
CHIPS = "[...document.querySelectorAll('.composer .attached li')]"
FOOTS = "[...document.querySelectorAll('.answer-foot')]"
SENT = "[...document.querySelectorAll('.question .chip')].map((one) => one.title)"
SCOPE = "document.querySelector('.scope')"
NOTE = "document.querySelector('.attach-note').textContent"
ROWS = "[...document.querySelectorAll('#file-list li')]"


@dataclass(frozen=True)
class World:
    """A server with a model from a script, its process id, and a way to open its page."""

    model: OllamaDouble
    pid: int
    open: Callable[[], Page]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run a server that takes small files only, the double of its model, and a browser."""
    folder = tmp_path_factory.mktemp("files")
    model, stack = OllamaDouble(), AsyncExitStack()
    with side_loop() as run, browser() as chromium:
        try:
            run(stack.enter_async_context(model))
            environ = {**ENVIRON, "OLLAMA_HOST": model.url}
            program = str(ROOT / "run_backend.py")
            server = running_program(program, folder=folder, ready=LISTENS, environ=environ)
            with server as (process, line):
                address = line.rpartition(LISTENS)[2].strip()
                yield World(model, process.pid, lambda: Page(chromium, address=address))
        finally:
            run(stack.aclose())


@pytest.fixture
def page(world: World) -> Page:
    """Give a page on which the administrator has logged in."""
    world.model.reset()
    page = world.open()
    page.type("#username", "admin")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")
    return page


def made(folder: Path, **texts: bytes | str) -> list[Path]:
    """Write files; `a_txt` is "a.txt"."""
    paths = [folder / name.replace("_", ".") for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return paths


def ask(page: Page, question: str, *, answers: int = 1) -> None:
    """Put a question, and wait for the end of its answer."""
    page.type("#message", question)
    page.press("Enter")
    page.wait(f"{FOOTS}.filter((one) => one.hasChildNodes()).length === {answers}")


def select(page: Page, selector: str, value: str) -> None:
    """Choose in a list."""
    found = f"document.querySelector('{selector}')"
    page.run(f"{found}.value = '{value}', {found}.dispatchEvent(new Event('change'))")


def told(world: World) -> str:
    """Give all that the model was told in the last call."""
    return str(world.model.chats[-1].body["messages"])


def searches(body: dict[str, Any]) -> Reply:
    """Play a model that searches the documents once, then answers."""
    seen = any(message["role"] == "tool" for message in body["messages"])
    return Reply(content="So many days.") if seen else Reply(calls=[SEARCH])


def test_a_dropped_file_goes_with_the_question_that_waits_for_it(
    world: World, page: Page, tmp_path: Path
) -> None:
    """Sent before it was read, it is read first; the question shows it, also after a reload."""
    page.drop(made(tmp_path, lease_pdf=pdf_of_lines([["The rent is 900 euros."], [NOTICE]])))
    page.wait(f"{CHIPS}.length === 1")
    ask(page, "What notice does the lease ask for?")
    assert NOTICE in told(world)
    assert page.run(f"{CHIPS}.length") == 0
    for _ in range(2):
        assert page.wait(SENT) == ["lease.pdf"]
        assert page.run("document.querySelector('.bubble').innerText").endswith("ask for?")
        page.run("document.querySelector('.question .chip').click()")
        page.wait("document.querySelector('.page-text')?.innerText.includes('900 euros')")
        assert page.run("document.querySelector('#files-title').textContent") == "lease.pdf, page 1"
        page.reload()
    assert page.complaints == []


@contextmanager
def halted_worker(pid: int) -> Generator[Callable[[], None]]:
    """Keep what is uploaded from being read; call what is given to let it go on."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    workers = [
        int(one) for one in children if b"--attached" in Path(f"/proc/{one}/cmdline").read_bytes()
    ]
    assert workers

    def send(number: int) -> None:
        for one in workers:
            os.kill(one, number)

    send(signal.SIGSTOP)
    try:
        yield lambda: send(signal.SIGCONT)
    finally:
        send(signal.SIGCONT)


def test_a_question_waits_for_its_files_visibly_and_can_be_held_back(
    world: World, page: Page, tmp_path: Path
) -> None:
    """Escape gives it back; it is sent once, when the last of them has been read."""
    first, second = made(tmp_path, first_txt="Ants sleep at noon.", second_txt="Owls do not.")
    page.drop([first])
    page.wait(f"{CHIPS}[0]?.innerText.includes('19 B')")
    field = "document.querySelector('#message')"
    with halted_worker(world.pid) as go_on:
        page.drop([second])
        page.wait(f"{CHIPS}[1]?.innerText.includes('Waiting to be read')")
        for _ in range(2):
            page.type("#message", "Who sleeps?")
            page.press("Enter")
            assert page.wait(NOTE) == "Your message is sent as soon as its files have been read."
            assert page.run(f"{field}.readOnly")
            assert page.run("document.querySelector('#send').title") == "Do not send yet"
            page.press("Escape")
            assert page.run(NOTE) == ""
            page.run(f"{field}.select()")
        assert world.model.chats == []
        page.press("Enter")
        go_on()
        page.wait(f"{FOOTS}[0]?.hasChildNodes()")
    assert page.run(SENT) == ["first.txt", "second.txt"]
    assert len(world.model.chats) == 1
    assert "Owls do not." in told(world)


def test_a_chat_may_ask_its_own_files_alone_and_keeps_that(
    world: World, page: Page, tmp_path: Path
) -> None:
    """In later questions, after a reload, and when one of its files was deleted meanwhile."""
    gym, lease = made(tmp_path, gym_txt=GYM, rented_txt=NOTICE)
    page.choose("#picker", [gym])
    page.wait(f"{ROWS}.some((one) => one.className === 'ready' && one.innerText.includes('gym'))")
    select(page, "#mode", "react")
    assert not page.run(f"{SCOPE}.checkVisibility()")
    page.drop([lease])
    page.wait(f"{SCOPE}.checkVisibility()")
    select(page, ".scope", "chat")
    world.model.script(searches)
    ask(page, "What notice ends the lease?")
    assert (NOTICE in told(world), GYM in told(world)) == (True, False)
    page.reload()
    assert page.wait(f"{SCOPE}.selectedOptions[0].text") == "Only this chat's files (1)"
    ask(page, "What notice ends the lease, once more?", answers=2)
    assert (NOTICE in told(world), GYM in told(world)) == (True, False)
    page.run("document.querySelector('#open-files').click()")
    page.focus("#file-list [aria-label='Delete: rented.txt']")
    page.press("Enter")
    page.focus("dialog .danger")
    page.press("Enter")
    page.wait(f"!{ROWS}.some((one) => one.innerText.includes('rented'))")
    ask(page, "And what notice ends it now?", answers=3)
    assert GYM not in told(world)
    select(page, ".scope", "")
    ask(page, "And in all of my documents?", answers=4)
    assert GYM in told(world)
    assert all("404" in one for one in page.complaints)


def test_a_picture_is_seen_by_a_model_with_eyes_and_shown_in_the_question(
    world: World, page: Page, tmp_path: Path
) -> None:
    """A model without is given the text in it, and the chip says so."""
    picture = tmp_path / "photo.png"
    Image.effect_noise((60, 40), 60).convert("RGB").save(picture)
    page.drop([picture])
    page.wait(f"{CHIPS}[0]?.innerText.includes('sees no pictures')")
    select(page, "#model", "llava:latest")
    page.wait(f"{CHIPS}[0]?.className === '' && !{CHIPS}[0].innerText.includes('sees no')")
    ask(page, "What is in the picture?")
    [seen] = world.model.chats[-1].body["messages"][-1]["images"]
    assert base64.b64decode(seen) == picture.read_bytes()
    for _ in range(2):
        page.wait("document.querySelector('.question img')?.naturalWidth === 60")
        page.reload()
    assert page.complaints == []


def test_what_cannot_be_attached_says_why_and_keeps_the_question_back(
    world: World, page: Page, tmp_path: Path
) -> None:
    """Empty, too large, of a wrong kind, or damaged; what was removed is not waited for."""
    bad = made(
        tmp_path,
        empty_txt="",
        large_txt="words " * 10_000,
        tool_exe=b"MZ" + bytes(500),
        bad_pdf=b"%PDF-1.7\nnothing",
    )
    page.drop([*bad, *made(tmp_path, fine_txt=NOTICE)])
    page.wait(f"{CHIPS}.filter((one) => one.className === 'failed').length === 4")
    shown = page.run(f"{CHIPS}.map((one) => one.querySelector('.file-facts').textContent)")
    for words, part in zip(
        shown, ("is empty", "is larger than", "cannot be read", "damaged"), strict=False
    ):
        assert part in words, shown
    page.type("#message", "What is in them?")
    page.press("Enter")
    assert page.wait(NOTE) == "A file could not be read: remove it or try again, then send."
    assert page.run("document.querySelector('#message').value") == "What is in them?"
    assert world.model.chats == []
    for _ in range(4):
        page.focus(".composer .attached .failed button:last-child")
        page.press("Enter")
    page.focus("#message")
    page.press("Enter")
    page.wait(f"{FOOTS}[0]?.hasChildNodes()")
    assert page.run(SENT) == ["fine.txt"]


def test_a_file_of_the_documents_is_attached_from_its_row_once(
    world: World, page: Page, tmp_path: Path
) -> None:
    """On a phone the documents close for that, and everything fits."""
    page.resize(360, 740)
    page.run("document.querySelector('#open-files').click()")
    page.wait("!document.querySelector('#files').hidden")
    page.choose("#picker", made(tmp_path, rules_txt="Bees must not be fed in the yard."))
    attach = "#file-list [aria-label='Attach to this chat: rules.txt']"
    page.focus(attach)
    page.press("Enter")
    page.wait("document.querySelector('#files').hidden")
    page.wait(f"{CHIPS}.length === 1")
    page.run(f'document.querySelector("{attach}").click()')
    assert page.run(f"{CHIPS}.length") == 1
    page.wait(f"{SCOPE}.checkVisibility()")
    inside = "document.documentElement.scrollWidth <= 360"
    assert page.run(inside)
    ask(page, "May bees be fed?")
    assert "must not be fed" in told(world)
    assert page.run(inside)


def test_many_files_at_once_all_arrive_and_only_some_go_with_a_question(
    page: Page, tmp_path: Path
) -> None:
    """Ten are attached, the rest become documents; a list of them can be put in order."""
    texts = {f"many{n:02}_txt": f"Number {n} is here. " * (n + 1) for n in range(40)}
    page.drop(made(tmp_path, **texts))
    page.wait(f"{CHIPS}.length === 10 && !document.querySelector('#files').hidden")
    assert page.run(NOTE) == "A question takes 10 files; more become documents only."
    page.wait("document.querySelectorAll('#uploads li').length === 0")
    page.type("#file-search", "many")
    page.wait(f"{ROWS}.filter((one) => one.className === 'ready').length === 40")
    select(page, "#file-order", "filename")
    page.wait(f"{ROWS}[0].innerText.startsWith('many00.txt')")
    select(page, "#file-order", "-size")
    page.wait(f"{ROWS}[0].innerText.startsWith('many39.txt')")
    assert page.complaints == []
