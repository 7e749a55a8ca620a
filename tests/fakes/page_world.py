"""The real server as a program, a browser, and a model server that may come later and go again."""

from __future__ import annotations

import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
from playwright.sync_api import Browser

from tests.fakes.browser import Page, browser
from tests.fakes.models import MODEL_DIR
from tests.fakes.ollama_double import FakeModel, OllamaDouble
from tests.fakes.processes import ROOT, running_program
from tests.fakes.ready_database import lay_database
from tests.fakes.side_loop import side_loop

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
PROGRAM = str(ROOT / "run_backend.py")


def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PageWorld:
    """A server that is started and stopped, its model server, and pages of one browser."""

    def __init__(
        self,
        folder: Path,
        chromium: Browser,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self.folder, self._chromium, self._run = folder, chromium, run
        self.model: OllamaDouble | None = None
        self.model_port, self.port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def served(self, **environ: str) -> Iterator[None]:
        """Run the server until the end, always at the same address."""
        given = {
            "ADMIN_PASSWORD": PASSWORD,
            "SERVER_PORT": str(self.port),
            "AUTH__BCRYPT_ROUNDS": "10",
            "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
            "OLLAMA_HOST": f"127.0.0.1:{self.model_port}",
            **environ,
        }
        lay_database(self.folder / "data")
        with running_program(PROGRAM, folder=self.folder, ready=LISTENS, environ=given):
            yield

    def start_model(self, models: dict[str, FakeModel] | None = None) -> OllamaDouble:
        """Let the model server come."""
        self.model = OllamaDouble(models)
        self._run(self.model.start(self.model_port))
        return self.model

    def stop_model(self) -> None:
        """Let it go, if it is there."""
        if self.model is not None:
            self._run(self.model.stop())
        self.model = None

    def person(self) -> str:
        """Make a user whom no other test knows, with the administrator's password; give the name."""
        with httpx.Client(base_url=self.address, trust_env=False, timeout=60) as http:
            admin = {"username": "admin", "password": PASSWORD}
            token = http.post("/api/auth/login", json=admin).json()["access_token"]
            made = {"username": f"someone-{token_hex(4)}", "password": PASSWORD}
            headers = {"authorization": f"Bearer {token}"}
            answer = http.post("/api/users", json=made, headers=headers)
            assert answer.status_code == 201, answer.text
        return made["username"]

    def open(self, place: str = "/", *, address: str = "", locale: str = "en-US") -> Page:
        """Open an address of the server, or of another, as somebody new, whose browser speaks a language."""
        return Page(self._chromium, address=f"{address or self.address}{place}", locale=locale)


@contextmanager
def page_world(folder: Path) -> Iterator[PageWorld]:
    """Give a world in which nothing has been started yet but the browser."""
    with side_loop() as run, browser() as chromium:
        world = PageWorld(folder, chromium, run)
        try:
            yield world
        finally:
            world.stop_model()


def log_in(page: Page, name: str = "admin", password: str = PASSWORD) -> None:
    """Log in on the form."""
    page.focus("#username")
    page.run("document.querySelector('#username').value = ''")
    page.type("#username", name)
    page.run("document.querySelector('#password').value = ''")
    page.type("#password", password)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden && document.querySelector('#login').hidden")
