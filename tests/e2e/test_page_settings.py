"""The settings of the page in a real browser on the real server: account, API keys, usage."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fakes.browser import Page, browser
from tests.fakes.processes import ROOT, required_program, running_program

LISTENS = "Steward listens on "
PASSWORD = "a password for the page"
DIALOG = "document.querySelector('dialog.settings')"
PANEL = f"{DIALOG}.querySelector('.settings-tab')"
CHOSEN = f"{DIALOG}?.querySelector('[aria-selected=true]').id"
EXAMPLE = f"{DIALOG}.querySelector('pre').textContent"
WORDS = f"{PANEL}.innerText"
NODE_PARTS = ROOT / "tests/conformance/node/node_modules"


@dataclass(frozen=True)
class World:
    """Where the server is, and a way to open its page as somebody new."""

    address: str
    chromium: object

    def open(self, place: str = "/") -> Page:
        return Page(self.chromium, address=f"{self.address}{place}")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run a server with its own small model, and a browser."""
    folder = tmp_path_factory.mktemp("settings")
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "AUTH__BCRYPT_ROUNDS": "10",
        "AUTH__LOGIN_FAILURES_PER_ACCOUNT": "1000",
        "OLLAMA_HOST": "127.0.0.1:9",
    }
    program = str(ROOT / "run_backend.py")
    with (
        browser() as chromium,
        running_program(program, folder=folder, ready=LISTENS, environ=environ) as (_, line),
    ):
        yield World(line.rpartition(LISTENS)[2].strip(), chromium)


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.type("#username", name)
    page.type("#password", password)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")


@pytest.fixture
def person(world: World, request: pytest.FixtureRequest) -> str:
    """Make an account of the test's own."""
    login = {"username": "admin", "password": PASSWORD}
    token = httpx.post(f"{world.address}/api/auth/login", json=login).json()["access_token"]
    name = request.node.name[:60]
    body = {"username": name, "password": PASSWORD}
    head = {"authorization": f"Bearer {token}"}
    assert httpx.post(f"{world.address}/api/users", json=body, headers=head).status_code == 201
    return name


@pytest.fixture
def page(world: World, person: str) -> Page:
    """Give the page of that account."""
    page = world.open()
    log_in(page, person)
    return page


def settings(page: Page, tab: str) -> None:
    """Open a tab of the settings by its address."""
    page.run(f"void (location.hash = '#/settings/{tab}')")
    page.wait(f"{CHOSEN} === 'tab-{tab}' && {PANEL}.children.length > 1")


def put(page: Page, selector: str) -> None:
    """Press a button by keyboard."""
    page.focus(selector)
    page.press("Enter")


def ask(page: Page, question: str, answers: int = 1) -> None:
    page.type("#message", question)
    page.press("Enter")
    foots = "[...document.querySelectorAll('.answer-foot')]"
    page.wait(f"{foots}.filter((one) => one.hasChildNodes()).length === {answers}")


def change_password(page: Page, old: str, new: str, again: str) -> None:
    for name, value in (("old_password", old), ("new_password", new), ("again", again)):
        page.run(f"document.querySelector('[name={name}]').value = ''")
        page.type(f"[name={name}]", value)
    page.press("Enter")


def refused(page: Page, name: str) -> str:
    """Wait until something is said at a field that has the focus, and give it."""
    there = f"document.activeElement.name === '{name}' && document.activeElement"
    said = f"document.getElementById(({there}).getAttribute('aria-describedby')).textContent"
    return page.wait(said)


def test_a_person_changes_the_password_and_goes_on_chatting(
    world: World, page: Page, person: str
) -> None:
    """What is wrong is said at its field; another browser is logged out, and the old password is void."""
    other = world.open()
    log_in(other, person)
    other.type("#message", "a draft")
    ask(page, "Hello")
    settings(page, "account")
    assert person in page.run(WORDS)
    change_password(page, "not my password", "a new password", "a new password")
    assert refused(page, "old_password") == "The current password is wrong."
    change_password(page, PASSWORD, "short", "short")
    assert "8 to 72 bytes" in refused(page, "new_password")
    change_password(page, PASSWORD, "a new password", "another password")
    assert refused(page, "again") == "These two are not the same."
    assert page.run(f"{DIALOG}.querySelectorAll('.failed').length") == 1
    change_password(page, PASSWORD, "a new password", "a new password")
    page.wait(f"{WORDS}.includes('You stay logged in here')")
    assert page.run(f"{DIALOG}.querySelector('[name=old_password]').value") == ""
    page.press("Escape")
    ask(page, "Hello again", answers=2)
    page.reload("document.querySelectorAll('.answer-text').length === 2")

    # It may have asked for something meanwhile, and been told.
    other.run("document.querySelector('#send').click()")
    other.wait("!document.querySelector('#login').hidden")
    login = {"username": person, "password": PASSWORD}
    assert httpx.post(f"{world.address}/api/auth/login", json=login).status_code == 401
    login["password"] = "a new password"
    assert httpx.post(f"{world.address}/api/auth/login", json=login).status_code == 200


def test_one_logs_out_everywhere_with_the_settings_open(
    world: World, page: Page, person: str
) -> None:
    """The log-in says so, nothing stands over it, and one gets in again."""
    settings(page, "account")
    put(page, ".in-row form:last-child button")
    page.wait("!document.querySelector('#login').hidden")
    assert page.run("document.querySelector('#login-note').textContent") == (
        "You are logged out everywhere."
    )
    page.wait(f"{DIALOG} === null")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")


def test_a_key_is_made_used_and_revoked(world: World, page: Page, tmp_path: Path) -> None:
    """Shown once, with programs that run as they stand; revoked, it is refused at once."""
    settings(page, "keys")
    assert "sk-steward-…" in page.run(EXAMPLE)
    page.type("[name=name]", "my <b>laptop</b>")
    page.run("document.querySelector('[name=scopes][value=chat]').click()")
    page.run("document.querySelector('[name=expires_in_days]').value = '30'")
    page.focus("[name=name]")
    page.press("Enter")
    key = page.wait(f"{DIALOG}.querySelector('.made-key code')?.textContent")
    assert key.startswith("sk-steward-")
    assert page.run(f"{DIALOG}.querySelector('.made-key').innerText.includes('not shown again')")
    item = page.wait(f"{DIALOG}.querySelector('.keys li')?.innerText")
    page.wait("document.activeElement.closest('.made-key')")
    box = f"{DIALOG}.querySelector('.made-key').getBoundingClientRect()"
    assert page.run(f"{box}.bottom") <= page.run("innerHeight")
    for told in ("my <b>laptop</b>", "Chat: models", "made ", "ends "):
        assert told in item
    assert "last used" not in item
    run_examples(page, key, tmp_path)

    settings(page, "account")
    settings(page, "keys")
    assert key not in page.run(f"{DIALOG}.innerHTML")
    assert "last used" in page.run(f"{DIALOG}.querySelector('.keys li').innerText")
    put(page, ".keys button")
    put(page, "dialog .danger")
    page.wait(f"!{DIALOG}.querySelector('.keys li')")
    head = {"authorization": f"Bearer {key}"}
    assert httpx.get(f"{world.address}/v1/models", headers=head).status_code == 401
    assert page.complaints == []


def run_examples(page: Page, key: str, folder: Path) -> None:
    """Run the programs the page shows, as they stand."""
    assert run_python(page.run(EXAMPLE), folder) != ""
    page.run("document.querySelector('#tab-curl').click()")
    answer = json.loads(run_shell(page.run(EXAMPLE)))
    assert answer["choices"][0]["message"]["content"]
    page.run("document.querySelector('#tab-JavaScript').click()")
    assert f'apiKey: "{key}"' in page.run(EXAMPLE)


def test_the_javascript_example_runs_as_it_stands(page: Page, tmp_path: Path) -> None:
    """In Node, with the stock client."""
    node = required_program("node")
    if not NODE_PARTS.exists():
        pytest.skip("the stock client for Node is not installed")
    settings(page, "keys")
    page.type("[name=name]", "node")
    page.press("Enter")
    page.wait(f"{DIALOG}.querySelector('.made-key code')")
    page.run("document.querySelector('#tab-JavaScript').click()")
    program = page.run(EXAMPLE)
    path = tmp_path / "example.js"
    path.write_text(program)
    (tmp_path / "node_modules").symlink_to(NODE_PARTS)
    done = subprocess.run([node, str(path)], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() != ""


def run_python(program: str, folder: Path) -> str:
    path = folder / "example.py"
    path.write_text(program)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run_shell(program: str) -> str:
    required_program("curl")
    done = subprocess.run(
        ["/bin/sh", "-c", program.replace("curl ", "curl -sS ", 1)],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_usage_shows_what_was_used(page: Page) -> None:
    """Nothing at first; then answers and tokens by model and day, and what is left of the limits."""
    settings(page, "usage")
    assert "Nothing was used" in page.run(WORDS)
    assert "10,000 left" in page.run(WORDS)
    page.press("Escape")
    page.wait(f"{DIALOG} === null")
    ask(page, "Hello")
    ask(page, "What is 6 times 7?", answers=2)
    settings(page, "usage")
    rows = page.run(
        f"[...{PANEL}.querySelectorAll('tr')].map((tr) => [...tr.cells].map((one) => one.innerText.trim()))"
    )
    head = ["Model", "Answers", "Tokens read", "Tokens written"]
    assert (rows[0], rows[1][:2], rows[2][:2]) == (head, ["builtin", "2"], ["Total", "2"])
    assert len(rows) == 6
    page.run(f"{{ const it = {PANEL}.querySelector('select'); it.value = '7'; }}")
    page.run(f"void {PANEL}.querySelector('select').dispatchEvent(new Event('change'))")
    page.wait(f"{WORDS}.includes('builtin')")
    assert page.complaints == []


def test_the_settings_have_an_address_and_go_back_to_what_was_there(page: Page) -> None:
    """By keyboard: the tab has the focus, arrows change it, Escape leads back to the conversation."""
    ask(page, "Hello")
    place = page.wait("location.hash.startsWith('#/c/') && location.hash")
    page.type("#message", "a draft")
    put(page, "#who")
    page.wait(f"{CHOSEN} === 'tab-account'")
    assert page.run("document.activeElement.id") == "tab-account"
    page.run(
        "void document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}))"
    )
    page.wait("location.hash === '#/settings/keys' && document.activeElement.id === 'tab-keys'")
    page.press("Escape")
    page.wait(f"location.hash === '{place}' && {DIALOG} === null")
    assert page.run("document.querySelector('#message').value") == "a draft"
    assert page.run("document.querySelectorAll('.answer-text').length") == 1
    page.run("history.forward()")
    page.wait(f"{CHOSEN} === 'tab-keys'")
    page.run("history.back()")
    page.wait(f"location.hash === '{place}' && {DIALOG} === null")
    assert page.complaints == []


def test_another_language_loads_the_page_anew_and_keeps_the_draft(page: Page) -> None:
    """The settings are open again; the theme holds as well, and both controls of it agree."""
    page.type("#message", "a draft")
    settings(page, "account")
    page.run(
        f"{{ const it = {PANEL}.querySelector('select'); it.value = 'dark'; window.old = it; }}"
    )
    page.run("void window.old.dispatchEvent(new Event('change'))")
    assert page.run("document.documentElement.dataset.theme") == "dark"
    assert page.run("document.querySelector('#theme button').title") == "Theme: Dark"
    page.run(f"void {PANEL}.querySelectorAll('select')[1].dispatchEvent(new Event('change'))")
    page.wait(f"!window.old && {CHOSEN} === 'tab-account' && {PANEL}.children.length > 1")
    assert page.run(f"{PANEL}.querySelector('select').value") == "dark"
    page.press("Escape")
    page.wait(f"{DIALOG} === null && location.hash === '#/'")
    assert page.run("document.querySelector('#message').value") == "a draft"


@pytest.mark.parametrize("tab", ["account", "keys", "usage"])
def test_the_settings_fit_a_phone(page: Page, tab: str) -> None:
    """At 360 px nothing is cut or scrolls sideways, but the code of examples in itself."""
    page.resize(360, 640)
    settings(page, tab)
    wide = f"[...{PANEL}.querySelectorAll(':not(pre, .tabs *)')].filter((one) => one.getBoundingClientRect().right > 360)"
    assert page.run(f"{wide}.map((one) => one.outerHTML)") == []
    assert page.run("document.querySelector('.settings-panel').scrollWidth") <= 352
