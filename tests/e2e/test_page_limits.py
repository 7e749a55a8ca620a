"""What the page says when somebody has to wait, may not go on, or is cut off, in the real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.browser import Page
from tests.fakes.ollama_double import Fault, OllamaDouble, Reply
from tests.fakes.page_world import PASSWORD, PageWorld, log_in, page_world

SAID = "[...document.querySelectorAll('.answer-text')].at(-1)?.textContent ?? ''"
BANNER = "document.querySelector('#banner:not([hidden]) p')?.textContent ?? ''"
LINE = "[...document.querySelectorAll('.trace-label')].at(-1)?.textContent ?? ''"
NOTE = "document.querySelector('.end-note')?.innerText ?? ''"
LOGIN_SHOWN = "!document.querySelector('#login').hidden"
LOGIN_NOTE = "document.querySelector('#login-note').textContent"
DRAFT = "document.querySelector('#message').value"
PLACES = {"MODELS__CONCURRENCY": "1"}
OTHER = {"username": "eve", "password": "the password of eve"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server with one place at its model."""
    with page_world(tmp_path_factory.mktemp("limits")) as world, world.served(**PLACES):
        world.start_model()
        yield world


@pytest.fixture
def model(world: PageWorld) -> OllamaDouble:
    """Give the model without anything queued."""
    assert world.model is not None
    world.model.reset()
    return world.model


@pytest.fixture
def admin(world: PageWorld) -> Iterator[httpx.Client]:
    """Give a client of the administrator's."""
    with httpx.Client(base_url=world.address, trust_env=False, timeout=30) as client:
        body = {"username": "admin", "password": PASSWORD}
        token = client.post("/api/auth/login", json=body).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def asking(world: PageWorld, locale: str = "en-US", **who: str) -> Page:
    """Give a page of somebody's, who asks without tools."""
    page = world.open(locale=locale)
    log_in(page, **who)
    page.wait("document.querySelector('#mode [value=chat]')")
    page.tab.select_option("#mode", "chat")
    return page


def test_who_waits_for_the_model_sees_how_many_are_before_them(
    world: PageWorld, model: OllamaDouble
) -> None:
    """Until it is their turn."""
    first, second, third = asking(world), asking(world), asking(world, "de-DE")
    model.queue(Reply(count=4000, tokens_per_second=20), Reply(content="Second."))
    put(first, "One")
    first.wait(f"({SAID}).length > 5")
    put(second, "Two")
    second.wait(f"({LINE}) === 'Waiting for the model, you are next'")
    put(third, "Three")
    third.wait(f"({LINE}) === 'Wartet auf das Modell, 1 vor dir'")
    first.press("Escape")
    second.wait(f"({SAID}) === 'Second.'")
    third.wait(f"({SAID}).length > 0")


@pytest.mark.parametrize(
    ("locale", "period", "says"),
    [
        ("en-US", "day", "What you may use for now is used up; Settings, Usage shows your limits."),
        ("de-DE", "minute", "Das war mehr, als du auf einmal verbrauchen darfst;"),
    ],
)
def test_who_has_used_up_a_budget_is_told_until_when(
    world: PageWorld, model: OllamaDouble, admin: httpx.Client, locale: str, period: str, says: str
) -> None:
    """In the language of the page and by the clock of the browser; the question is the draft again."""
    budget = {"scope": "default", "resource": "requests", "period": period, "limit": 0}
    made = admin.put("/api/admin/budgets", json=budget)
    assert made.status_code in {200, 201}, made.text
    page = asking(world, locale)
    put(page, "What may I?")
    page.wait(f"({BANNER}).startsWith({says!r})")
    told = page.run(BANNER)
    ends = "wieder." if locale == "de-DE" else "on."
    assert told.endswith(ends)
    assert any(one.isdigit() for one in told)
    assert page.run(DRAFT) == "What may I?"
    assert admin.delete(f"/api/admin/budgets/{made.json()['id']}").status_code == 204


def test_who_is_disabled_while_an_answer_streams_is_led_out(
    world: PageWorld, model: OllamaDouble, admin: httpx.Client
) -> None:
    """Within seconds; the form says what may be the matter."""
    user = admin.post("/api/users", json=OTHER).json()
    page = asking(world, name=OTHER["username"], password=OTHER["password"])
    model.queue(Reply(count=4000, tokens_per_second=20))
    put(page, "Tell me much")
    page.wait(f"({SAID}).length > 5")
    assert admin.patch(f"/api/users/{user['id']}", json={"disabled": True}).status_code == 200
    page.wait(f"{LOGIN_SHOWN} && {LOGIN_NOTE}.startsWith('Your session has ended')")
    page.type("#password", OTHER["password"])
    page.press("Enter")
    page.wait(f"{LOGIN_NOTE}.endsWith('or the account is disabled.')")


@pytest.mark.parametrize(("locale", "go_on"), [("en-US", "Go on"), ("de-DE", "Weiter")])
def test_an_answer_that_a_server_cut_when_it_stopped_offers_to_go_on_at_once(
    tmp_path: Path, locale: str, go_on: str
) -> None:
    """Without a reload, in the language of the page; a server that resumes nothing says so."""
    environ = {"SERVER__SHUTDOWN_GRACE_S": "1", "AGENT__RESUME_AFTER_CRASH": "off"}
    with page_world(tmp_path) as world:
        model = world.start_model()
        with world.served(**environ):
            page = asking(world, locale)
            model.queue(Reply(content="one two three four", fault=Fault(kind="hang", after=2)))
            put(page, "Count")
            page.wait(f"({SAID}).includes('two')")
        page.wait("document.querySelector('.end-note .go-on')")
        assert page.run("document.querySelector('.go-on').innerText") == go_on
        with world.served(**environ):
            press = "document.querySelector('.go-on').click()"
            off = {"en-US": "This server lets no", "de-DE": "Dieser Server führt keine"}[locale]
            # Pressed again where the page was just noticing that the server is there again.
            page.wait(f"({BANNER}).startsWith({off!r}) || void {press}")
