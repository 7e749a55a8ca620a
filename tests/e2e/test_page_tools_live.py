"""The page in a real browser on the real server, which has its tools, and a model from a script."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.web import TCPSite

from backend.kit.fences import bare
from run_frontend import FOLDER, make_runner
from tests.fakes.browser import Page, browser
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.processes import ROOT, required_program, running_program
from tests.fakes.side_loop import side_loop
from tests.fakes.web_double import WebDouble

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
PROGRAM = str(ROOT / "run_backend.py")
ENVIRON = {
    "ADMIN_PASSWORD": PASSWORD,
    "SERVER_PORT": "0",
    "AUTH__BCRYPT_ROUNDS": "10",
    "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
    "APPROVALS__RULES": "math_calc=ask",
    "WEB__ALLOW_NETWORKS": '["127.0.0.1/32"]',
}
SALES = "city,n\nOslo,3\nBonn,5\nRome,4\n"
SUM = Call(name="math_calc", arguments={"expression": "6*7"})
COUNT = Call(name="data_analysis", arguments={"data": "3, 5"})
DRAW = Call(
    name="data_analysis", arguments={"file": "sales.csv", "chart": "bar", "x": "city", "y": ["n"]}
)
QUERY = Call(name="sql_query", arguments={"sql": "SELECT city, n FROM sales ORDER BY n DESC"})
RUN = Call(
    name="python_code",
    arguments={"code": "import pandas as pd\nprint(pd.read_csv('sales.csv').n.sum())"},
)
NEWS = (
    "<html><body><article><h1>News</h1><p>Much was said about the new bridge over the fjord, which "
    "opens in May; more stands at https://named.example/report for whoever asks.</p></article></body></html>"
)
CARD = ".approval"
ALLOW = ".approval .primary"
DENY = ".approval button:not(.primary)"
NOTE = "document.querySelector('.approval [role=status]').textContent"
STILL = "document.querySelector('#send').title === 'Send' && document.querySelector('.answer')"
SAID = "[...document.querySelectorAll('.answer-text')].at(-1).textContent"
CHART = "document.querySelector('.answer-text .picture img')"
SEEN = f"({CHART}?.scrollIntoView(), {CHART}?.complete && {CHART}.naturalWidth > 300)"
FOOTS = "[...document.querySelectorAll('.answer-foot')]"


@dataclass(frozen=True)
class World:
    """Where the server and run_frontend.py before it are, the model, the web, a way to open pages."""

    address: str
    front: str
    model: OllamaDouble
    web: WebDouble
    open: Callable[[str], Page]


async def passing_on(address: str, stack: AsyncExitStack) -> str:
    """Serve the page alone, before that server; give where."""
    runner = make_runner(folder=FOLDER, backend=address)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run a server that asks before it calculates, what it talks to, and a browser."""
    folder = tmp_path_factory.mktemp("live")
    model, web, stack = OllamaDouble(), WebDouble(), AsyncExitStack()
    with side_loop() as run, browser() as chromium:
        try:
            for double in (model, web):
                run(stack.enter_async_context(double))
            environ = {**ENVIRON, "OLLAMA_HOST": model.url}
            server = running_program(PROGRAM, folder=folder, ready=LISTENS, environ=environ)
            with server as (_, line):
                address = line.rpartition(LISTENS)[2].strip()
                front = run(passing_on(address, stack))
                yield World(address, front, model, web, lambda place: Page(chromium, address=place))
        finally:
            run(stack.aclose())


@pytest.fixture
def page(world: World) -> Page:
    """Give a page on which the administrator works step by step."""
    world.model.reset()
    page = world.open(world.address)
    log_in(page)
    mode = "document.querySelector('#mode')"
    page.run(f"{mode}.value = 'react', {mode}.dispatchEvent(new Event('change'))")
    return page


def log_in(page: Page) -> None:
    page.type("#username", "admin")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def ended(page: Page, answers: int = 1) -> str:
    """Wait until that many answers are complete, and give the text of the last."""
    page.wait(f"{FOOTS}.filter((one) => one.hasChildNodes()).length === {answers}")
    return page.run(SAID)


def log_in_again(page: Page) -> None:
    place = page.run("location.hash")
    page.focus("#logout")
    page.press("Enter")
    page.wait("!document.querySelector('#login').hidden")
    log_in(page)
    page.run(f"location.hash = {place!r}")


def until(there: Callable[[], bool]) -> None:
    """Wait for something that only the file system tells."""
    end = time.monotonic() + 20
    while not there() and time.monotonic() < end:
        time.sleep(0.02)


def add_sales(page: Page, folder: Path) -> None:
    sales = folder / "sales.csv"
    sales.write_text(SALES)
    page.choose("#picker", [sales])
    page.wait("document.querySelector('#file-list li.ready')")


def shown_tools(page: Page) -> list[str]:
    """Open the work behind the answer and every call in it, and give their names."""
    page.run("document.querySelector('.trace > summary').click()")
    page.wait("document.querySelector('.tool')")
    page.run("document.querySelectorAll('.tool > summary').forEach((one) => one.click())")
    return page.run("[...document.querySelectorAll('.tool-name')].map((one) => one.textContent)")


def links(page: Page) -> list[str]:
    return page.run("[...document.querySelectorAll('.answer-text a')].map((one) => one.href)")


def strangers(page: Page, own: str) -> list[str]:
    """Name whom the page has asked for something besides its own server."""
    assert page.asked
    return [one for one in page.asked if not one.startswith(f"{own}/")]


def sums(body: dict[str, Any]) -> Reply:
    """Call the calculator, and say what came of it."""
    if body["messages"][-1]["role"] == "tool":
        return Reply(content=f"Told: {bare(body['messages'][-1]['content'])}")
    return Reply(calls=[SUM])


def waiting_link(world: World) -> str:
    """Ask as a client that shows answers as text does; give the link that is in the answer."""
    with httpx.Client(base_url=world.address, trust_env=False, timeout=60) as client:
        body = {"username": "admin", "password": PASSWORD}
        token = client.post("/api/auth/login", json=body).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        asked = {"model": "llama3.2@react", "messages": [{"role": "user", "content": "6 * 7?"}]}
        answer = client.post("/v1/chat/completions", json=asked).json()
    said = answer["choices"][0]["message"]["content"]
    found = re.search(r"\]\(http://[^/]+(/api/approve/[^)]+)\)", said)
    assert found, said
    return found[1]


def test_a_chart_of_an_uploaded_table_is_seen_in_the_answer(
    world: World, page: Page, tmp_path: Path
) -> None:
    """By the cookie: at once, after a reload, and after a new log-in; its chip saves it."""
    required_program("bwrap")
    add_sales(page, tmp_path)
    world.model.queue(
        Reply(calls=[DRAW]),
        Reply(calls=[QUERY]),
        Reply(calls=[RUN]),
        Reply(content="Bonn sold most."),
    )
    put(page, "Draw sales.csv by city")
    assert ended(page).startswith("Bonn sold most.")
    for again in (Page.reload, log_in_again, None):
        page.wait(SEEN)
        assert page.run(f"{CHART}.src").startswith(f"{world.address}/api/artifacts/art_")
        assert shown_tools(page) == ["data_analysis", "sql_query", "python_code"]
        cells = "[...document.querySelectorAll('.tool td')].map((one) => one.textContent)"
        assert page.run(cells) == ["Bonn", "5", "Rome", "4", "Oslo", "3"]
        assert page.run("document.querySelector('.tool:last-of-type').innerText").endswith("\n12")
        if again:
            again(page)
    saved = page.save(".answer-text .chip", tmp_path)
    assert saved.name == "chart.png"
    assert saved.read_bytes().startswith(b"\x89PNG")
    front = world.open(f"{world.front}/{page.run('location.hash')}")
    log_in(front)
    front.wait(SEEN)
    assert front.run(f"{CHART}.src").startswith(world.front)
    for one, own in ((page, world.address), (front, world.front)):
        assert strangers(one, own) == []
        assert one.complaints == []


@pytest.mark.parametrize(
    ("selector", "note", "told"), [(ALLOW, "Allowed.", "42"), (DENY, "Not allowed.", "Not done")]
)
def test_an_answer_goes_on_when_its_call_was_decided(
    world: World, page: Page, selector: str, note: str, told: str
) -> None:
    """In its place, also after a reload while it waited; a call that was opened stays open."""
    world.model.queue(Reply(calls=[COUNT]), Reply(calls=[SUM]))
    world.model.script(sums)
    put(page, "What is 6 times 7?")
    page.wait(f"{STILL} && document.querySelector('{CARD}')")
    page.reload()
    page.wait(f"{STILL} && document.querySelector('{CARD}')")
    shown = page.run(f"document.querySelector('{CARD}').innerText")
    assert "6*7" in shown
    assert "24 h left" in shown
    assert shown_tools(page) == ["data_analysis"]
    page.focus(selector)
    page.press("Enter")
    page.wait(f"{SAID}.startsWith('Told: ')")
    assert told in ended(page)
    assert page.run(NOTE) == note
    assert page.run("document.querySelectorAll('#log article').length") == 2
    opened = "[...document.querySelectorAll('.tool')].map((one) => one.open)"
    assert page.run(opened) == [True, False]
    assert page.complaints == []


def test_only_hosts_that_were_seen_become_links_and_nobody_else_is_asked(
    world: World, page: Page
) -> None:
    """A host in a fetched page is one; pictures never come from elsewhere."""
    address = world.web.page("/news", NEWS)
    told = (
        "[known](https://named.example/a) [lost](https://evil.example/?q=1) https://evil.example/b "
        "![dot](https://evil.example/x.png) ![named](https://named.example/y.png)"
    )
    world.model.queue(Reply(content=told))
    put(page, "Say it")
    ended(page)
    assert links(page) == []
    world.model.queue(
        Reply(calls=[Call(name="web_fetch", arguments={"url": address})]), Reply(content=told)
    )
    put(page, f"Read {address}")
    ended(page, 2)
    known = ["https://named.example/a", "https://named.example/y.png"]
    assert links(page) == known * 2
    page.reload()
    page.wait("document.querySelectorAll('.answer-text a').length === 4")
    assert links(page) == known * 2
    assert page.run("document.querySelectorAll('.answer-text img').length") == 0
    assert strangers(page, world.address) == []
    assert page.complaints == []


def test_a_question_can_be_put_while_another_waits(world: World, page: Page) -> None:
    """The sidebar shows the conversation and the message box is free; both answers come to an end."""
    world.model.script(sums)
    put(page, "What is 6 times 7?")
    page.wait(f"{STILL} && document.querySelector('{CARD}')")
    page.wait("document.querySelector('#conversations [aria-current]')")
    assert not page.run("document.querySelector('#message').disabled")
    world.model.queue(Reply(content="Hello to you."))
    put(page, "Hello")
    page.wait(f"{SAID} === 'Hello to you.'")
    assert page.run("document.querySelectorAll('.approval').length") == 1
    page.focus(ALLOW)
    page.press("Enter")
    page.wait("document.querySelector('.answer-text').textContent.includes('42')")
    assert page.run(SAID) == "Hello to you."
    page.reload()
    page.wait("document.querySelectorAll('.answer-text').length === 2")
    assert "42" in page.run("document.querySelector('.answer-text').textContent")
    assert page.complaints == []


@pytest.mark.parametrize(
    ("value", "through", "said", "told"),
    [
        ("approve", "address", "You allowed this call.", "42"),
        ("deny", "front", "You did not allow this call.", "Not done"),
    ],
)
def test_a_signed_link_opens_a_page_that_decides(
    world: World, value: str, through: str, said: str, told: str
) -> None:
    """Without a log-in or a script, on a phone; afterwards it shows the answer."""
    world.model.reset()
    world.model.script(sums)
    page = world.open(f"{getattr(world, through)}{waiting_link(world)}")
    page.wait("document.querySelector('form')")
    page.resize(390, 800)
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("document.scripts.length") == 0
    assert "6*7" in page.run("document.body.innerText")
    page.focus(f"button[value={value}]")
    page.press("Enter")
    page.wait("document.body.innerText.includes('Told: ')")
    words = page.run("document.body.innerText")
    assert said in words
    assert told in words.partition("Told: ")[2]
    assert strangers(page, getattr(world, through)) == []
    assert page.complaints == []
