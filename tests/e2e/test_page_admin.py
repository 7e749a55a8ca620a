"""What an administrator finds in the settings of the page, on the real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.browser import Page
from tests.fakes.page_world import PageWorld, log_in, page_world

ROWS = "[...document.querySelectorAll('.rows li')]"
NAMES = f"{ROWS}.map((one) => one.querySelector('strong').textContent)"
REFUSED = "document.querySelector('.settings form .failed').textContent"
NOTE = "document.querySelector('.note').textContent"
TABS = "[...document.querySelectorAll('[role=tab]')].map((one) => one.textContent)"
FACTS = f"{ROWS}.map((one) => one.querySelector('.muted').textContent)"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server with a model, and one tool switched off."""
    with page_world(tmp_path_factory.mktemp("admin")) as world:
        world.start_model()
        with world.served(TOOLS__DISABLED="wikipedia", APPROVALS__RULES="role:user weather=deny"):
            yield world


@pytest.fixture
def page(world: PageWorld) -> Page:
    """Give a page an administrator has logged in to."""
    page = world.open()
    log_in(page)
    return page


def settings(page: Page, tab: str) -> None:
    """Open the settings at a tab and wait for its list."""
    page.focus("#who")
    page.press("Enter")
    page.wait("document.querySelector('.settings[open]')")
    page.focus(f"#tab-{tab}")
    page.press("Enter")
    page.wait(f"{ROWS}.length")


def press(page: Page, label: str) -> None:
    page.focus(f'[aria-label="{label}"]')
    page.press("Enter")


def add(page: Page, name: str) -> str:
    """Add a user and give the password that is shown."""
    page.type(".settings form input", name)
    page.press("Enter")
    page.wait(f"{NOTE}.includes('Password of {name}')")
    page.wait(f"({NAMES}).includes('{name}')")
    return page.run("document.querySelector('.note code').textContent")


def test_an_administrator_sets_a_user_s_budget(world: PageWorld, page: Page) -> None:
    """It stands in the list at once, and the user finds it among the limits."""
    settings(page, "users")
    password = add(page, "joan")
    press(page, "Budgets: joan")
    budgets = "document.querySelector('[aria-label=\"Budgets: joan\"] ul').textContent"
    page.wait("document.querySelector('section[aria-label=\"Budgets: joan\"] form')")
    page.type('[aria-label="Budgets: joan"] [name=limit]', "12")
    page.press("Enter")
    page.wait(f"{budgets}.includes('Requests · a day: 12')")
    other = world.open()
    log_in(other, "joan", password)
    other.focus("#who")
    other.press("Enter")
    other.wait("document.querySelector('.settings[open]')")
    other.focus("#tab-usage")
    other.press("Enter")
    other.wait("document.querySelector('.usage')?.textContent.includes('Requests · a day')")
    press(page, "Remove: Requests · a day: 12")
    page.wait(f"!{budgets}")
    erase(page, "joan")


def erase(page: Page, name: str) -> None:
    """Delete the only user there is besides the administrator."""
    press(page, f"Delete: {name}")
    page.wait("document.querySelector('dialog .danger')")
    page.focus("dialog .danger")
    page.press("Enter")
    page.wait(f"({NAMES}).join() === 'admin'")


def test_an_administrator_adds_changes_and_erases_users(world: PageWorld, page: Page) -> None:
    """Each step says what was done, and the other person meets it."""
    settings(page, "users")
    password = add(page, "grace")
    other = world.open()
    log_in(other, "grace", password)
    settings(other, "tools")
    assert other.run(TABS) == ["Account", "API keys", "Usage", "Tools"]
    press(page, "Disable: grace")
    page.wait(f"({FACTS})[1].includes('disabled')")
    press(page, "Enable: grace")
    page.wait(f"!({FACTS})[1].includes('disabled')")
    role = "document.querySelector('[aria-label=\"Role: grace\"]')"
    page.run(f"void ({role}.value = 'admin', {role}.dispatchEvent(new Event('change')))")
    page.wait(f"({FACTS})[1].startsWith('Administrator')")
    press(page, "New password: grace")
    page.wait("document.querySelector('dialog:not(.settings) input')")
    page.press("Enter")
    page.wait("document.querySelector('.note code')")
    changed = page.run("document.querySelector('.note code').textContent")
    assert changed != password
    third = world.open()
    log_in(third, "grace", changed)
    press(page, "Delete: grace")
    page.wait("document.querySelector('dialog .danger')")
    told = page.run("document.querySelector('dialog:not(.settings)').innerText")
    assert "documents" in told
    page.focus("dialog .danger")
    page.press("Enter")
    page.wait(f"({NAMES}).join() === 'admin'")
    assert page.complaints == []


def test_what_the_server_refuses_is_said_where_it_was_tried(page: Page) -> None:
    """A name that is taken, a short password; one's own account offers nothing to lose it by."""
    settings(page, "users")
    assert page.run(f"{ROWS}[0].querySelectorAll('button, select').length") == 0
    assert "This is you" in page.run(f"{ROWS}[0].innerText")
    page.type(".settings form input", "ADMIN")
    page.press("Enter")
    page.wait(f"{REFUSED}.includes('taken')")
    fields = "document.querySelectorAll('.settings form input')"
    page.run(f"void ({fields}[0].value = 'bob', {fields}[1].value = 'short')")
    page.focus(".settings form .primary")
    page.press("Enter")
    page.wait(f"{REFUSED}.includes('8 to 72 bytes')")
    assert page.run(f"{fields}[0].value") == "bob"
    assert page.run(f"document.activeElement === {fields}[1]")


def test_many_users_can_be_searched(page: Page) -> None:
    """The field is not there while they are few."""
    settings(page, "users")
    assert not page.run("document.querySelector('.settings .search').checkVisibility()")
    for at in range(8):
        add(page, f"person{at}")
    page.type(".settings .search", "SON3")
    page.wait(f"({NAMES}).join() === 'person3'")
    page.resize(360, 740)
    assert page.run("document.querySelector('.settings').scrollWidth") <= 360


def test_the_server_tab_says_what_works_and_what_mends_the_rest(
    world: PageWorld, page: Page
) -> None:
    """A model server that went away: where it was looked for, and the command that starts it."""
    settings(page, "server")
    shown = page.run(f"{ROWS}.map((one) => [one.dataset.state, one.innerText])")
    states = {words.split("\n")[0]: state for state, words in shown}
    assert states["Database works"] == "ok"
    assert states["Models: ollama works"] == "ok"
    assert len(states) >= 8
    world.stop_model()
    try:
        again = "document.querySelector('[aria-label=\"Check again\"]')"
        down = f"{ROWS}[0].innerText.startsWith('Models: ollama does not work')"
        page.wait(f"{down} || ({again}.disabled || {again}.click(), false)")
        first = page.run(f"{ROWS}[0].innerText")
        assert f"127.0.0.1:{world.model_port}" in first
        assert "ollama serve" in page.run(f"{ROWS}[0].querySelector('.command code').textContent")
        assert (
            page.run("document.querySelector('#status').textContent") == "Everything was checked."
        )
    finally:
        world.start_model()
    assert [one for one in page.complaints if "503" not in one] == []


def test_tools_say_which_setting_turned_them_off_and_what_the_rules_say(
    world: PageWorld, page: Page
) -> None:
    """For whoever looks: what is denied to users is not to administrators."""
    settings(page, "users")
    password = add(page, "ida")
    other = world.open()
    log_in(other, "ida", password)
    for one, weather in ((page, "Used without asking"), (other, "the rules of this server")):
        if one is other:
            settings(one, "tools")
        else:
            one.focus("#tab-tools")
            one.press("Enter")
            one.wait("document.querySelector('.rows code')")
        rows = one.run(f"{ROWS}.map((one) => one.innerText)")
        named = {words.split("\n")[0]: words for words in rows}
        assert "TOOLS__DISABLED" in named["wikipedia"]
        assert weather in named["weather"]


def test_an_administrator_sets_a_credential_that_is_never_shown(page: Page) -> None:
    """Its end is, and where it is kept; removing it asks first."""
    page.run("void (location.hash = '#/settings/credentials')")
    page.wait("document.querySelectorAll('.settings .keys li').length")
    mine = "[...document.querySelectorAll('.settings .keys li')].at(-1)"
    assert "UPSTREAM_OPENAI_API_KEY" in page.run(f"{mine}.innerText")
    page.focus(".settings .keys li:last-child input")
    page.type(".settings .keys li:last-child input", "sk-very-secret-9f3a")
    page.press("Enter")
    page.wait(f"{mine}.innerText.includes('stored here')")
    assert "…9f3a" in page.run(f"{mine}.innerText")
    assert "sk-very" not in page.run("document.body.innerHTML")
    assert page.run(f"{mine}.querySelector('input').value") == ""
    press(page, "Delete: UPSTREAM_OPENAI_API_KEY")
    page.wait("document.querySelector('dialog .danger')")
    page.focus("dialog .danger")
    page.press("Enter")
    page.wait(f"{mine}.innerText.includes('not set')")
    assert page.complaints == []
