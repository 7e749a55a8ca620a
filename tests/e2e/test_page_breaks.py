"""The page in a real browser on the real server while that is stopped, killed and started again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.fakes.browser import Page, browser
from tests.fakes.crash_world import journaled
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply
from tests.fakes.processes import ROOT, running_program
from tests.fakes.ready_database import lay_database
from tests.fakes.side_loop import side_loop

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
SAID = "[...document.querySelectorAll('.answer-text')].at(-1).textContent"
ENDED = "[...document.querySelectorAll('.answer')].at(-1).querySelector('.message-bar')"
NOTE = "document.querySelector('.end-note')?.innerText"
RESUME = "[aria-label='Go on with this answer']"
SCROLLER = "document.querySelector('#scroller')"
AT_END = f"{SCROLLER}.scrollHeight - {SCROLLER}.scrollTop - {SCROLLER}.clientHeight < 3"
TRACE = "[...document.querySelectorAll('.trace')].at(-1)"
CALLS = f"[...{TRACE}.querySelectorAll('.tool-name')].map((one) => one.textContent)"
WORK = f"[...{TRACE}.querySelectorAll('.thought, .trace-note, .tool-name')].map((one) => one.textContent.trim())"
SUM = Call(name="math_calc", arguments={"expression": "12*(3+4)"})
TALL = f"{SCROLLER}.scrollHeight > {SCROLLER}.clientHeight * 1.5"


class Server:
    """The real server as a process that can be killed and comes back at the same address."""

    def __init__(self, folder: Path, model: str) -> None:
        self.folder = folder
        self._environ = {
            "ADMIN_PASSWORD": PASSWORD,
            "AUTH__BCRYPT_ROUNDS": "10",
            "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
            "OLLAMA_HOST": model,
            "SERVER__SHUTDOWN_GRACE_S": "1",
        }
        self._stack = ExitStack()
        self.address = self._start("0")

    def _start(self, port: str) -> str:
        program = str(ROOT / "run_backend.py")
        environ = {**self._environ, "SERVER_PORT": port}
        running = running_program(program, folder=self.folder, ready=LISTENS, environ=environ)
        self._process, line = self._stack.enter_context(running)
        return line.rpartition(LISTENS)[2].strip()

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.wait(timeout=180)

    def stop(self) -> None:
        """End it in good order; an answer that is being given has a second left."""
        self._process.terminate()
        self._process.wait(timeout=180)

    def start_again(self) -> None:
        """Start it where it was."""
        assert self._start(self.address.rpartition(":")[2]) == self.address

    def close(self) -> None:
        """End it for good."""
        self._stack.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run one browser for all tests."""
    with browser() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, chromium: Browser) -> Iterator[tuple[Page, Server, OllamaDouble]]:
    """Give a page the administrator has logged in to, the server behind it, and its model."""
    model = OllamaDouble()
    lay_database(tmp_path / "data")
    with side_loop() as run:
        run(model.start())
        server = Server(tmp_path, model.url)
        try:
            page = Page(chromium, address=server.address)
            page.type("#username", "admin")
            page.type("#password", PASSWORD)
            page.press("Enter")
            page.wait("!document.querySelector('#page').hidden")
            choose_mode(page, "chat")
            yield page, server, model
            page.close()
        finally:
            server.close()
            run(model.stop())


def choose_mode(page: Page, mode: str) -> None:
    page.wait(f"document.querySelector('#mode [value={mode}]')")
    page.tab.select_option("#mode", mode)


def work(page: Page, calls: int) -> list[str]:
    """Open the work of the last answer and give what it shows, without the reason of the way."""
    page.run(f"{TRACE}.open || {TRACE}.querySelector('summary').click()")
    page.wait(f"({CALLS}).length === {calls}")
    return page.run(WORK)[1:]


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def words_shown(page: Page) -> int:
    return len(re.findall(r"\S+", page.run(SAID)))


def slow(count: int = 400, per_second: float = 40) -> Reply:
    return Reply(count=count, tokens_per_second=per_second)


@pytest.mark.parametrize("reloaded", [False, True])
def test_an_answer_whose_server_was_killed_says_so_and_can_be_asked_for_again(
    world, *, reloaded: bool
) -> None:
    """What was received stays until a reload; the question is answered, not put a second time; what the
    server had written down by then stays as another version."""
    page, server, model = world
    model.queue(slow())
    put(page, "Tell me much")
    page.wait(f"{SAID}.length > 60")
    server.kill()
    server.start_again()
    page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    assert words_shown(page) > 5
    if reloaded:
        page.reload()
        page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    assert page.run("document.querySelectorAll('#log article').length") == 2
    model.queue(Reply(content="All is well again."))
    page.focus(".retry")
    page.press("Enter")
    page.wait(f"{SAID} === 'All is well again.'")
    page.wait(f"{ENDED} && document.querySelector('#send').title === 'Send'")
    for _ in range(2):
        shown = page.run("[...document.querySelectorAll('.bubble')].map((one) => one.textContent)")
        assert shown == ["Tell me much"]
        assert page.run(SAID) == "All is well again."
        page.reload()
        page.wait(ENDED)


def test_an_interrupted_answer_goes_on_at_the_press_of_a_button(world) -> None:
    """In its place, once, with what it had said as its work; the button is there only while it is of use."""
    page, server, model = world
    model.queue(slow())
    put(page, "Tell me much")
    page.wait(f"{SAID}.length > 60")
    server.kill()
    server.start_again()
    page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    model.queue(Reply(content="All is well again."))
    page.focus(RESUME)
    page.press("Enter")
    for _ in range(2):
        page.wait(f"{SAID} === 'All is well again.'")
        page.wait(f"{ENDED} && document.querySelector('#send').title === 'Send'")
        assert page.run("document.querySelectorAll('#log article').length") == 2
        assert page.run(f"document.querySelector({RESUME!r}) === null")
        assert page.run("document.querySelector('.end-note') === null")
        page.reload()
        page.wait(ENDED)


@pytest.mark.parametrize("said", ["", "Half an answer"])
def test_the_work_from_before_a_crash_stays_above_what_is_done_after_it(world, said: str) -> None:
    """Thoughts, steps, and words that were the answer until more followed: once, after each reload."""
    page, server, model = world
    choose_mode(page, "react")
    model.queue(
        Reply(thinking="First I calculate.", content="Let me see.", calls=[SUM]),
        Reply(content=f"{said} and more", fault=Fault(kind="hang", after=len(said.split()))),
    )
    put(page, "What is 12*(3+4)?")
    page.wait(f"({CALLS}).length === 1 && {SAID}.includes({said!r})")
    journaled(server.folder, said or "tool_result")
    server.kill()
    server.start_again()
    page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    page.reload()
    page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    before = ["First I calculate.", "Let me see.", "math_calc"]
    assert work(page, 1) == before
    assert page.run(f"{SAID}.trim()") == said
    model.queue(Reply(thinking="Again.", content="It is 84."))
    page.focus(RESUME)
    page.press("Enter")
    again = [said] * bool(said)
    for _ in range(2):
        page.wait(f"{SAID} === 'It is 84.'")
        page.wait(f"{ENDED} && document.querySelector('#send').title === 'Send'")
        assert work(page, 1) == [
            *before,
            *again,
            "The server had stopped here; the answer goes on.",
            "Again.",
        ]
        page.reload()


def test_an_answer_whose_server_was_stopped_keeps_what_was_said(world) -> None:
    """Also after a reload; the next answer is another version of it."""
    page, server, model = world
    model.queue(slow(count=3000))
    put(page, "Tell me much")
    page.wait(f"{SAID}.length > 60")
    server.stop()
    page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    said = words_shown(page)
    server.start_again()
    page.reload()
    page.wait(f"{NOTE}?.startsWith('Interrupted: the server stopped')")
    assert words_shown(page) >= said > 10
    model.queue(Reply(content="All is well again."))
    page.focus(".retry")
    page.press("Enter")
    page.wait(f"{SAID} === 'All is well again.' && document.querySelector('.versions')")
    assert page.run("document.querySelector('.versions').textContent") == "2/2"
    assert page.run("document.querySelectorAll('#log article').length") == 2


def test_a_server_that_does_not_come_back_is_told_and_can_be_asked_later(world) -> None:
    """A question that cannot be put is the draft again."""
    page, server, model = world
    model.queue(Reply(content="Hello."))
    put(page, "Hi")
    page.wait(f"{SAID} === 'Hello.' && {ENDED}")
    server.kill()
    put(page, "Are you there?")
    page.wait(
        "document.querySelector('#banner').innerText.startsWith('The server cannot be reached')"
    )
    assert page.run("document.querySelector('#message').value") == "Are you there?"
    assert page.run("document.querySelectorAll('#log article').length") == 2
    server.start_again()
    model.queue(Reply(content="Here."))
    page.focus("#message")
    page.press("Enter")
    page.wait(f"{SAID} === 'Here.'")
    told = "document.querySelector('#banner').innerText.trim()"
    page.wait(f"['', 'The server is there again.'].includes({told})")


def test_an_answer_goes_on_after_a_reload_and_stops_when_it_is_told_to(world) -> None:
    """What was said is kept, with the way it ended."""
    page, _, model = world
    model.queue(slow())
    put(page, "Tell me much")
    page.wait(f"{SAID}.length > 60")
    before = words_shown(page)
    page.reload()
    page.wait(f"document.querySelector('#send').title === 'Stop' && {SAID}.length > 90")
    assert words_shown(page) >= before
    page.focus("#send")
    page.press("Enter")
    page.wait(f"{NOTE}?.startsWith('Stopped.')")
    said = page.run(f"{SAID}.trim()")
    page.reload()
    page.wait(f"{NOTE}?.startsWith('Stopped.')")
    assert page.run(f"{SAID}.trim()") == said


def test_a_reader_who_scrolls_up_stays_there_while_it_streams(world) -> None:
    """And follows again from the end."""
    page, _, model = world
    model.queue(slow(count=3000, per_second=600))
    put(page, "Tell me very much")
    page.wait(f"{TALL} && {AT_END}")
    page.run(f"{SCROLLER}.scrollTop -= 30")
    page.wait(f"{SCROLLER}.scrollHeight - {SCROLLER}.scrollTop - {SCROLLER}.clientHeight > 100")
    page.wait("!document.querySelector('#to-end').hidden")
    place = page.run(f"{SCROLLER}.scrollTop")
    page.wait(f"{ENDED}")
    assert page.run(f"{SCROLLER}.scrollTop") == pytest.approx(place, abs=1)
    page.focus("#to-end")
    page.press("Enter")
    page.wait(AT_END)


def test_a_reader_who_opens_the_work_stays_there_while_it_streams(world) -> None:
    """The way to the newest message is offered instead."""
    page, _, model = world
    model.queue(slow(count=1500, per_second=300))
    put(page, "Tell me very much")
    page.wait(f"{SAID}.length > 20")
    page.run("document.querySelector('.trace > summary').click()")
    page.wait(f"{TALL} && {ENDED}")
    assert page.run(f"{SCROLLER}.scrollTop") == 0
    assert not page.run("document.querySelector('#to-end').hidden")
