"""Conversations on a real server with a scripted model, and the page that lists them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.fakes.browser import Page, browser
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.processes import ROOT, running_program
from tests.fakes.ready_database import lay_database
from tests.fakes.side_loop import side_loop

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
ENVIRON = {
    "ADMIN_PASSWORD": PASSWORD,
    "SERVER_PORT": "0",
    "AUTH__BCRYPT_ROUNDS": "10",
    "AUTH__LOGIN_FAILURES_PER_ADDRESS": "1000",
    "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
}
CHAT = "/v1/chat/completions"
ROWS = "[...document.querySelectorAll('#conversations a')].map((one) => one.textContent)"
GROUPS = "[...document.querySelectorAll('#conversations h2')].map((one) => one.textContent)"
OPEN = "document.querySelector('#conversations [aria-current]')?.textContent"
TOAST = "document.querySelector('#toast').textContent"
UNDO = "#toast button"
FOCUSED = "document.activeElement"
DAY_S = 86_400


@dataclass(frozen=True)
class World:
    """Where the server is and keeps its data, the model behind it, and a way to open pages."""

    address: str
    folder: Path
    model: OllamaDouble
    open: Callable[[str], Page]

    @contextmanager
    def client(self, name: str = "admin") -> Iterator[httpx.Client]:
        """Speak to the server as somebody."""
        with httpx.Client(base_url=self.address, trust_env=False, timeout=60) as client:
            body = {"username": name, "password": PASSWORD}
            token = client.post("/api/auth/login", json=body).json()["access_token"]
            client.headers["authorization"] = f"Bearer {token}"
            yield client


@contextmanager
def talking_world(folder: Path) -> Iterator[World]:
    """Run a server, its model, and a browser."""
    model, stack = OllamaDouble(), AsyncExitStack()
    with side_loop() as run, browser() as chromium:
        try:
            run(stack.enter_async_context(model))
            environ = {**ENVIRON, "OLLAMA_HOST": model.url}
            program = str(ROOT / "run_backend.py")
            lay_database(folder / "data")
            server = running_program(program, folder=folder, ready=LISTENS, environ=environ)
            with server as (_, line):
                address = line.rpartition(LISTENS)[2].strip()
                yield World(
                    address,
                    folder,
                    model,
                    lambda place: Page(chromium, address=f"{address}/{place}"),
                )
        finally:
            run(stack.aclose())


def talk(world: World, http: httpx.Client, question: str, answer: str = "Fine.") -> str:
    """Have a conversation; give its id."""
    world.model.queue(Reply(content=answer))
    asked = {"model": "llama3.2@chat", "messages": [{"role": "user", "content": question}]}
    return http.post(CHAT, json={**asked, "store": True}).json()["x_session_id"]


def seen(world: World, place: str = "", *, rows: int = 1) -> Page:
    """Open the page, log in, and wait for the list."""
    page = world.open(place)
    log_in(page)
    page.wait(f"{ROWS}.length >= {rows}")
    return page


def log_in(page: Page) -> None:
    page.type("#username", "admin")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")


def menu(page: Page, title: str, *keys: str) -> None:
    """Open the menu of a conversation by keyboard and press keys in it."""
    page.focus(f"#conversations [aria-label='Options: {title}']")
    page.press("Enter")
    page.wait(f"{FOCUSED}.role === 'menuitem'")
    for key in keys:
        page.press(key)


def delete(page: Page, title: str) -> None:
    menu(page, title, "End", "Enter")
    page.wait(f"{TOAST}.includes({title!r})")


def left(http: httpx.Client) -> list[str]:
    """Give the titles that the server has, last used first."""
    return [one["title"] for one in http.get("/api/conversations").json()["conversations"]]


def until(there: Callable[[], bool]) -> None:
    """Wait for something that only the server tells."""
    end = time.monotonic() + 20
    while not there() and time.monotonic() < end:
        time.sleep(0.02)
    assert there()


def age(world: World, made: str, days: float) -> None:
    """Make a conversation as old as that."""
    at_ms = int((time.time() - days * DAY_S) * 1000)
    with closing(sqlite3.connect(database(world), timeout=20)) as db, db:
        db.execute("UPDATE conversations SET updated_at_ms = ? WHERE id = ?", (at_ms, made))


def database(world: World) -> Path:
    return next(one for one in world.folder.rglob("*.db") if "conversations" in tables(one))


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
