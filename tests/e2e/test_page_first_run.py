"""The first minutes with the page: no model yet, one that comes and goes, the log-in, a lost server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.browser import Page
from tests.fakes.ollama_double import FakeModel, Fault, Reply, usual_models
from tests.fakes.page_world import PASSWORD, PageWorld, log_in, page_world

NOTE = "document.querySelector('.no-server:not([hidden])')"
COMMANDS = "[...document.querySelectorAll('.commands code')].map((one) => one.textContent)"
MODEL = "document.querySelector('#model')"
CHOICES = f"[...{MODEL}.options].map((one) => one.textContent)"
EXAMPLES = "[...document.querySelectorAll('.examples button')].map((one) => one.textContent)"
SAID = "[...document.querySelectorAll('.answer-text')].at(-1)?.textContent ?? ''"
BANNER = "document.querySelector('#banner:not([hidden]) p')?.textContent ?? ''"
STATUS = "document.querySelector('#status').textContent"
LOGIN_NOTE = "document.querySelector('#login-note').textContent"
LOGIN_SHOWN = "!document.querySelector('#login').hidden"
SECRET = "a secret of some length that signs the tokens"
DRAFT = "document.querySelector('#message').value"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run one server for all tests that leave it running."""
    with page_world(tmp_path_factory.mktemp("first")) as world, world.served():
        yield world


@pytest.fixture
def world(kept: PageWorld) -> Iterator[PageWorld]:
    """Give it without a model server, before and after."""
    yield kept
    kept.stop_model()


@pytest.fixture
def page(world: PageWorld) -> Page:
    """Give a page an administrator has logged in to."""
    page = world.open()
    log_in(page)
    return page


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def look_again(page: Page) -> None:
    """Come back to the page, which looks at once then."""
    page.run("void dispatchEvent(new Event('focus'))")


def test_a_page_without_a_model_says_how_to_get_one_and_notices_it_by_itself(
    world: PageWorld, page: Page
) -> None:
    """First no server, then one without models, then one that only embeds, then a model: no reload."""
    page.wait(NOTE)
    assert page.run(COMMANDS) == ["ollama serve", "ollama pull llama3.2"]
    assert f"127.0.0.1:{world.model_port}" in page.run(f"{NOTE}.textContent")
    assert page.run(CHOICES) == ["builtin"]
    put(page, "What is 6*7?")
    page.wait(f"({SAID}).includes('42')")
    page.run("document.querySelector('#new-chat').click()")
    page.run("window.here = true")
    double = world.start_model({})
    look_again(page)
    page.wait(f"{NOTE}?.querySelector('h3').textContent === 'The model server has no model yet'")
    assert page.run(COMMANDS) == ["ollama pull llama3.2"]
    double.catalogue.models.update({"all-minilm:latest": usual_models()["all-minilm:latest"]})
    page.wait(f"{NOTE}?.querySelector('h3').textContent === 'None of the models can chat'")
    double.catalogue.models.update({"llama3.2:latest": usual_models()["llama3.2:latest"]})
    page.wait(f"!{NOTE} && {MODEL}.value === 'llama3.2:latest'")
    assert page.run(STATUS) == "A model is there: llama3.2:latest answers now."
    put(page, "Hello there")
    page.wait(f"({SAID}).includes('echo: ')")
    assert page.run("window.here") is True
    assert [one for one in page.complaints if "503" not in one] == []


def test_an_example_is_put_into_the_message_box_and_not_sent(world: PageWorld, page: Page) -> None:
    """Only what the server has is offered: no documents, no question about them."""
    page.wait(f"({EXAMPLES}).length === 4")
    assert not any("documents" in one for one in page.run(EXAMPLES))
    assert page.run("document.querySelector('.examples').checkVisibility()")
    page.focus(".examples li:last-child button")
    page.press("Enter")
    page.wait(f"{DRAFT} === ({EXAMPLES})[3]")
    assert page.run("document.querySelectorAll('#log article').length") == 0
    page.resize(1280, 800)
    left = "[...document.querySelectorAll('.examples li')].map((one) => one.offsetLeft)"
    assert len(set(page.run(left))) == 2
    page.resize(360, 740)
    assert len(set(page.run(left))) == 1
    assert page.run("document.documentElement.scrollWidth") <= 360
    assert page.complaints == []


def test_a_first_document_is_asked_for_and_then_asked_about(
    world: PageWorld, page: Page, tmp_path: Path
) -> None:
    """The first example opens the choice of files; when one was read, it asks about it."""
    page.wait(f"({EXAMPLES})[0]?.startsWith('Add PDFs')")
    with page.tab.expect_file_chooser():
        page.tab.click(".examples button")
    notes = tmp_path / "notes.txt"
    notes.write_text("The meeting is on the third of May.")
    page.focus("#open-files")
    page.press("Enter")
    page.choose("#picker", [notes])
    page.wait(f"({EXAMPLES})[0]?.startsWith('What do my documents say')")
    page.run("document.querySelector('#file-list li [aria-label^=\"Delete\"]').click()")
    page.wait("document.querySelector('dialog[open] .danger')")
    page.run("document.querySelector('dialog[open] .danger').click()")
    page.wait("!document.querySelector('#file-list li')")
    assert page.complaints == []


def test_a_model_server_that_goes_away_is_named_and_administrators_are_led_to_it(
    world: PageWorld, page: Page
) -> None:
    """The question becomes the draft again; the remembered model is chosen again when it is back."""
    world.start_model()
    look_again(page)
    page.wait(f"({CHOICES}).length > 2")
    page.run(f"{MODEL}.value = 'llama3.2:latest', {MODEL}.dispatchEvent(new Event('change'))")
    world.stop_model()
    put(page, "Hello there")
    page.wait(f"({BANNER}).includes('cannot be reached') || ({BANNER}).includes('builtin answers')")
    page.wait(f"{DRAFT} === 'Hello there' && {MODEL}.value === 'builtin'")
    world.start_model()
    page.focus("#model")
    page.wait(f"{MODEL}.value === 'llama3.2:latest'")


def test_an_answer_that_breaks_off_names_the_model_server(world: PageWorld, page: Page) -> None:
    """With a way to the server's health beside it, for administrators."""
    double = world.start_model()
    look_again(page)
    page.wait(f"({CHOICES}).length > 2")
    double.queue(Reply(content="One two three four", fault=Fault(kind="cut", after=2)))
    put(page, "Count")
    page.wait("document.querySelector('.end-note.failed')")
    page.focus("#banner .link")
    page.press("Enter")
    page.wait("document.querySelector('[role=tab][aria-selected=true]')?.textContent === 'Server'")


def test_the_choice_of_models_says_what_they_can_when_it_is_opened(
    world: PageWorld, page: Page
) -> None:
    """The chosen one only while it is open; a long name does not break the page."""
    name = "a-model-with-a-very-long-name-indeed-that-somebody-made:70b-instruct-q4_K_M"
    long = FakeModel(capabilities=("completion", "vision", "tools"))
    world.start_model({name: long})
    page.focus("#model")
    page.wait(f"({CHOICES}).includes('{name} · tools, images')")
    page.run(f"{MODEL}.value = '{name}', {MODEL}.dispatchEvent(new Event('change'))")
    assert page.run(f"{MODEL}.selectedOptions[0].textContent") == name
    page.resize(360, 740)
    assert page.run("document.documentElement.scrollWidth") <= 360
    assert page.run("document.querySelector('#send').getBoundingClientRect().right") < 360


def test_the_log_in_helps(world: PageWorld) -> None:
    """The password can be shown, Caps Lock is told of, a wrong one too; a wait is counted down."""
    page = world.open()
    page.type("#username", "somebody")
    page.type("#password", "wrong")
    page.wait("!document.documentElement.dataset.start")
    page.focus("#reveal")
    page.press("Enter")
    assert page.run("document.querySelector('#password').type") == "text"
    caps = "new KeyboardEvent('keydown', { key: 'A', modifierCapsLock: true })"
    page.run(f"void document.querySelector('#password').dispatchEvent({caps})")
    assert page.run("document.querySelector('#caps').checkVisibility()")
    button = "document.querySelector('#login-button')"
    for _ in range(5):
        page.run("document.querySelector('#password').value = 'wrong'")
        page.run(f"void ({button}.click(), document.querySelector('#login-note').textContent = '')")
        page.wait(f"{LOGIN_NOTE} && !{button}.disabled")
    told = "That user name and password do not match, or the account is disabled."
    assert page.run(LOGIN_NOTE) == told
    page.run(f"{button}.click()")
    page.wait(f"{button}.disabled && {button}.textContent.startsWith('Log in · ')")
    assert page.run(LOGIN_NOTE).startswith("Too many failed log-ins")
    page.type("#username", "x")
    assert not page.run(f"{button}.disabled")


def test_a_deep_link_is_followed_after_the_log_in(world: PageWorld, page: Page) -> None:
    """Also by somebody who had to log in first."""
    put(page, "What is 6*7?")
    page.wait(f"({SAID}).includes('42') && location.hash.length > 3")
    other = world.open(f"/{page.run('location.hash')}")
    log_in(other)
    other.wait(f"({SAID}).includes('42')")


def test_logging_out_and_in_is_the_same_in_all_tabs(world: PageWorld, page: Page) -> None:
    """The other tab keeps its draft; nothing secret lies in the storage of the browser."""
    page.type("#message", "half a thought")
    page.run("void (window.tab = window.open(location.pathname))")
    there = "window.tab.document.querySelector"
    page.wait(f"{there}('#page') && !{there}('#page').hidden")
    stored = page.run("JSON.stringify(localStorage)")
    assert page.run("Object.values(localStorage).every((one) => one.length < 40)"), stored
    page.run(f"{there}('#logout').click()")
    page.wait(LOGIN_SHOWN)
    assert "another tab" in page.run(LOGIN_NOTE)
    page.wait(f"{there}('#login') && !{there}('#login').hidden")
    log_in(page)
    assert page.run(DRAFT) == "half a thought"
    page.wait(f"{there}('#page') && !{there}('#page').hidden")
    page.run("window.tab.close()")


def test_a_session_that_ends_while_somebody_writes_keeps_the_draft(
    world: PageWorld, page: Page
) -> None:
    """The log-in is asked for when something is sent, and the words are there afterwards."""
    page.type("#message", "do not lose me")
    page.run("fetch('/api/auth/refresh', { method: 'DELETE' })")
    token = (
        "fetch('/api/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, "
        f"body: JSON.stringify({{ username: 'admin', password: '{PASSWORD}' }}) }})"
        ".then((one) => one.json()).then((one) => one.access_token)"
    )
    change = (
        f"({token}).then((token) => fetch('/api/auth/password', {{ method: 'POST', headers: "
        "{ 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: "
        f"JSON.stringify({{ old_password: '{PASSWORD}', new_password: '{PASSWORD}' }}) }}))"
        ".then((one) => one.status)"
    )
    assert page.run(change) == 204
    page.focus("#message")
    page.press("Enter")
    page.wait(LOGIN_SHOWN)
    assert page.run(DRAFT) == "do not lose me"
    log_in(page)
    assert page.run(DRAFT) == "do not lose me"


def test_a_lost_server_is_told_of_quietly_and_its_return_too(tmp_path: Path) -> None:
    """On the page and on the log-in form, which goes on by itself."""
    with page_world(tmp_path) as world:
        with world.served():
            page, form = world.open(), world.open()
            log_in(page)
            form.wait(LOGIN_SHOWN)
        put(page, "Hello there")
        page.wait(f"({BANNER}).startsWith('The server cannot be reached')")
        page.wait(f"{DRAFT} === 'Hello there'")
        assert page.run("document.querySelector('#banner').className") == "banner quiet"
        form.type("#username", "admin")
        form.type("#password", PASSWORD)
        form.press("Enter")
        form.wait(f"{LOGIN_NOTE}.startsWith('The server cannot be reached')")
        with world.served():
            look_again(page)
            page.wait(f"({BANNER}) === 'The server is there again.'")
            look_again(form)
            form.wait(f"{LOGIN_NOTE} === 'The server is there again.'")
            put(page, "")
            page.wait(f"({SAID}).length > 0")


def test_who_logs_out_while_the_server_is_away_is_logged_out_as_soon_as_it_is_back(
    tmp_path: Path,
) -> None:
    """Nothing is shown meanwhile, in no tab; then the cookie opens nothing any more."""
    with page_world(tmp_path) as world:
        with world.served(SECRET_KEY=SECRET):
            page = world.open()
            log_in(page)
            put(page, "What is 6*7?")
            page.wait(f"({SAID}).includes('42')")
            cookie = next(one for one in page.tab.context.cookies() if "refresh" in one["path"])
            page.run("void (window.tab = window.open(location.pathname))")
            there = "window.tab.document.querySelector"
            page.wait(f"{there}('#page') && !{there}('#page').hidden")
        page.focus("#logout")
        page.press("Enter")
        page.wait(LOGIN_SHOWN)
        assert "Leave this page open" in page.run(LOGIN_NOTE)
        assert "6*7" not in page.run("document.documentElement.outerHTML")
        page.wait(f"{there}('#login') && !{there}('#login').hidden")
        page.run("window.tab.close()")
        with world.served(SECRET_KEY=SECRET):
            look_again(page)
            page.wait("localStorage.getItem('steward.session') === ''")
            page.wait(f"{LOGIN_SHOWN} && {LOGIN_NOTE} === ''")
            assert page.tab.context.cookies() == []
            sent = {"cookie": f"{cookie['name']}={cookie['value']}"}
            assert httpx.post(f"{world.address}/api/auth/refresh", headers=sent).status_code == 401
            log_in(page)
            page.wait("[...document.querySelectorAll('#sidebar a')].length > 1")


def test_a_browser_in_which_somebody_logged_out_in_vain_asks_nothing_before_that_is_done(
    world: PageWorld, page: Page
) -> None:
    """Also when the page was closed meanwhile: the next visit begins with it."""
    page.run("localStorage.setItem('steward.session', 'leaving')")
    page.tab.goto("about:blank")
    page.asked.clear()
    page.tab.goto(world.address)
    page.wait(f"{LOGIN_SHOWN} && localStorage.getItem('steward.session') === ''")
    asked = [one for one in page.asked if "/api/" in one or "/v1/" in one]
    assert asked == [f"{world.address}/api/auth/refresh"]
    assert page.tab.context.cookies() == []
