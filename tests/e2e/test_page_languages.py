"""The page in German: from the first paint, in all its parts, on a phone, and back to English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route

from tests.fakes.browser import Page
from tests.fakes.page_world import PageWorld, log_in, page_world
from tests.fakes.sample_files import pdf_of_lines

TABS = (
    "account", "keys", "usage", "tools", "users", "credentials", "server", "performance", "logs",
)  # fmt: skip
PANEL = "document.querySelector('dialog.settings .settings-tab')"
CHOSEN = "document.querySelector('dialog.settings [aria-selected=true]')?.id"
LANG = "document.documentElement.lang"
WORDS = "document.body.innerText"
# Before the styles are there nothing is painted, but texts do not count as hidden yet.
STYLED = "[...document.querySelectorAll('link[rel=stylesheet]')].every((one) => one.sheet)"
LIST = "[...document.querySelectorAll('#file-list li')].map((one) => one.className).sort().join()"
# What the server says of its tools, its health, a broken file and in its log is English everywhere.
OF_THE_SERVER = ".rows p:not([data-state=ok] > div > .why), .failed .file-facts, .no-server .muted, .log summary"
# Words that only English has: whole texts, and what stands between the values of the others.
ENGLISH = f"""(async () => {{
    const flat = (table) => Object.values(table).flatMap((one) =>
        typeof one === "object" ? flat(one) : typeof one === "function"
            ? one(...Array(one.length).fill(["0"])).split(/[\\d\\s]*\\d[\\d\\s]*/) : [one]);
    const [english, german] = await Promise.all(
        ["en", "de"].map(async (tag) => flat((await import(`/strings/${{tag}}.js`)).text)));
    const own = new Set(german);
    const only = english.filter((words) => /\\w{{3}}/.test(words) && !own.has(words));
    const shown = [...document.querySelectorAll("body *")].filter((one) =>
        one.checkVisibility({{ visibilityProperty: true }}) && !one.closest("{OF_THE_SERVER}"));
    const said = shown.flatMap((one) => [
        ...[...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data),
        one.ariaLabel, one.title, one.placeholder, one.alt]).filter(Boolean);
    const literal = (words) => words.replace(/[^\\w\\s]/g, "\\\\$&");
    const is = (words) => RegExp(`(?<![\\\\wäöüß])${{literal(words)}}(?![\\\\wäöüß])`);
    return only.filter((words) => said.some((one) => is(words.trim()).test(one)));
}})()"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server that has no language model."""
    with page_world(tmp_path_factory.mktemp("languages")) as world, world.served():
        yield world


@pytest.fixture
def page(world: PageWorld) -> Page:
    """Give the log-in as a German browser shows it."""
    page = world.open(locale="de-AT")
    page.wait("document.activeElement.id === 'username'")
    return page


def settings(page: Page, tab: str) -> None:
    """Open a tab of the settings by its address and wait until it is filled."""
    page.run(f"void (location.hash = '#/settings/{tab}')")
    page.wait(f"{CHOSEN} === 'tab-{tab}' && {PANEL}?.children.length > 0")


def speak(page: Page, tag: str) -> None:
    """Choose a language in the settings and wait for the page in it."""
    settings(page, "account")
    chosen = f"[...{PANEL}.querySelectorAll('select')][1]"
    page.run(f"void (window.old = {chosen}, window.old.value = '{tag}')")
    page.run("void window.old.dispatchEvent(new Event('change'))")
    page.wait(f"!window.old && {CHOSEN} === 'tab-account' && {PANEL}?.children.length > 1")


def test_what_is_looked_for_is_found_where_the_page_is_english(world: PageWorld) -> None:
    """The search for English words finds them, so that finding none says something."""
    page = world.open()
    page.wait("document.activeElement.id === 'username'")
    assert page.run(LANG) == "en"
    assert not any("/strings/de.js" in one for one in page.asked)
    found = page.run(ENGLISH)
    assert {"Welcome to Steward", "User name", "Log in", "Show the password"} <= set(found)


def test_no_english_word_is_painted_before_the_scripts_have_come(page: Page) -> None:
    """The form can be used meanwhile; the German table is on its way before anything asks for it."""
    held: list[Route] = []
    page.tab.route("**/app.js", lambda route: held.append(route))
    page.tab.reload(wait_until="commit")
    page.wait(f"document.querySelector('#login-button') && {STYLED}")
    page.type("#username", "admin")
    assert (page.run(LANG), page.run(WORDS).strip(), page.run(ENGLISH)) == ("de", "", [])
    assert page.run("document.querySelector('link[rel=modulepreload]').href.endsWith('/de.js')")
    held[0].continue_()
    page.wait(f"{WORDS}.includes('Anmelden')")
    assert page.run("document.querySelector('#username').value") == "admin"


def test_a_german_browser_sees_german_everywhere(page: Page, tmp_path: Path) -> None:
    """The log-in and its refusal, the chat with an example that works, files, all settings."""
    assert page.run(ENGLISH) == []
    log_in_wrongly(page)
    assert page.run(ENGLISH) == []
    log_in(page)
    page.wait("document.querySelectorAll('.examples button').length")
    assert page.run(ENGLISH) == []
    page.type("#message", "Was ergibt 24 * 365 + 6?")
    page.press("Enter")
    page.wait("document.querySelector('.answer-foot')?.hasChildNodes()")
    assert "8766" in page.run("document.querySelector('.answer-text').textContent")
    page.run("document.querySelector('#log details > summary').click()")
    assert page.run(ENGLISH) == []
    add_files(page, tmp_path)
    assert re.search(
        r"\d,\d KB · 1 Seite", page.run("document.querySelector('#file-list').innerText")
    )
    assert page.run(ENGLISH) == []
    page.run("document.querySelector('#close-files').click()")
    for tab in TABS:
        settings(page, tab)
        assert (tab, page.run(ENGLISH)) == (tab, [])
    assert [one for one in page.complaints if "401" not in one] == []


def log_in_wrongly(page: Page) -> None:
    page.type("#username", "admin")
    page.type("#password", "falsch")
    page.press("Enter")
    page.wait("document.querySelector('#login-note').textContent")


def add_files(page: Page, folder: Path) -> None:
    """Choose one that can be read and one that cannot, and wait for both."""
    lease, bad = folder / "miete.pdf", folder / "kaputt.pdf"
    lease.write_bytes(pdf_of_lines([["Die Miete."]]))
    bad.write_bytes(b"%PDF-1.7\nnothing")
    page.run("document.querySelector('#open-files').click()")
    page.wait("document.querySelector('#files-note').textContent")
    assert page.run(ENGLISH) == []
    page.choose("#picker", [lease, bad])
    page.wait(f"{LIST} === 'failed,ready'")


def test_the_language_changes_and_the_draft_and_the_place_stay(page: Page) -> None:
    """The choice holds for this browser from then on, also where its own language is another."""
    log_in(page)
    page.type("#message", "ein Entwurf")
    speak(page, "en")
    assert page.run(LANG) == "en"
    assert "Current password" in page.run(f"{PANEL}.innerText")
    page.tab.reload(wait_until="commit")
    page.wait(f"{PANEL}?.innerText.includes('Current password')")
    speak(page, "de")
    assert (page.run(LANG), page.run(ENGLISH)) == ("de", [])
    assert page.run("document.querySelector('#message').value") == "ein Entwurf"
    assert page.run("location.hash") == "#/settings/account"


def test_the_page_is_english_where_german_cannot_be_loaded(page: Page) -> None:
    """Nothing stays hidden, and readers are told the language that is shown."""
    page.tab.route("**/strings/de.js", lambda route: route.abort())
    page.tab.reload(wait_until="commit")
    page.wait(f"{STYLED} && {WORDS}.includes('Log in')")
    assert page.run(LANG) == "en"


def test_german_words_fit_a_phone(page: Page) -> None:
    """At 360 px no heading is cut, and nothing scrolls sideways but tabs, tables and code in themselves."""
    page.resize(360, 740)
    assert page.run("document.documentElement.scrollWidth") <= 360
    log_in(page)
    page.run("document.querySelector('#open-files').click()")
    title = "document.querySelector('#files-title')"
    page.wait(f"{title}.clientWidth > 0")  # it is loaded when it is first wanted
    assert page.run(f"{title}.scrollWidth <= {title}.clientWidth")
    page.run("document.querySelector('#close-files').click()")
    page.wait(f"{title}.clientWidth === 0")
    page.type("#message", "Hallo")
    page.press("Enter")
    page.wait("document.querySelector('.answer-foot')?.hasChildNodes()")
    assert page.run("document.documentElement.scrollWidth") <= 360
    for tab in TABS:
        settings(page, tab)
        inside = f"[...{PANEL}.querySelectorAll(':not(pre, pre *, .tabs *, .wide *)')]"
        wide = f"{inside}.filter((one) => one.getBoundingClientRect().right > 352)"
        wide = f"[...{wide}, ...{PANEL}.parentElement.scrollWidth > 344 ? [{PANEL}] : []]"
        assert (tab, page.run(f"{wide}.map((one) => one.outerHTML)")) == (tab, [])
        # The tab is in sight, however many there are.
        assert (
            page.run(f"document.querySelector('#tab-{tab}').getBoundingClientRect().right") <= 352
        )
