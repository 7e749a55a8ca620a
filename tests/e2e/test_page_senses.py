"""The page as people set it up for themselves: less motion, larger and wider text, colours of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.fakes.browser import Page, browser
from tests.fakes.page_server import PageServer, event, page_server

ARTICLES = "document.querySelectorAll('#log article').length"
# What people may set by https://www.w3.org/TR/WCAG22/#text-spacing
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"""
# Lines that are cut by intent say all in a hint; what is only for readers is small by intent.
CUT = """[...document.querySelectorAll('#page *')].filter((one) => {
    const { overflowX, overflowY, textOverflow, clipPath, webkitLineClamp } = getComputedStyle(one);
    const hides = overflowX === 'hidden' || overflowY === 'hidden';
    if (!one.checkVisibility({ visibilityProperty: true }) || !hides) return false;
    if (clipPath !== 'none' || textOverflow === 'ellipsis' || webkitLineClamp !== 'none') return false;
    return one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
}).map((one) => one.outerHTML.slice(0, 200))"""
OUTSIDE = """[...document.querySelectorAll('button, a, input, select, textarea, summary')].filter((one) => {
    const { left, right, width } = one.getBoundingClientRect();
    const shown = one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return shown && width > 0 && (left < -1 || right > innerWidth + 1);
}).map((one) => one.outerHTML.slice(0, 200))"""
# A link in a line of text, and a box of a task that cannot be ticked, need no size.
SMALL = """[...document.querySelectorAll('button, a, input, select, textarea, summary')].filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    const shown = one.checkVisibility({ visibilityProperty: true }) && width > 0;
    const inline = getComputedStyle(one).display.startsWith('inline') && one.matches('p a, li a');
    return shown && !one.disabled && !inline && !one.matches('.visually-hidden') && Math.min(width, height) < 24;
}).map((one) => `${one.getBoundingClientRect().width} ${one.getBoundingClientRect().height} ${one.outerHTML.slice(0, 200)}`)"""
WORK = [
    event("plan", "plan", round=1, steps=[{"id": "s1", "purpose": "Look", "tool": "wikipedia"}]),
    event("step", "", id="s1", state="running"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start one browser for all."""
    with browser() as started:
        yield started


@pytest.fixture
def opened(chromium: Browser) -> Iterator[tuple[Page, PageServer]]:
    """Give a page somebody has logged in to, with a conversation, and the server behind it."""
    with page_server() as (double, address):
        page = Page(chromium, address=address)
        page.type("#username", "ada")
        page.type("#password", "a password")
        page.press("Enter")
        page.wait("!document.querySelector('#page').hidden")
        put(page, "Draw it, with a title that is long enough not to fit anywhere", articles=2)
        page.wait("document.querySelector('.answer .message-bar')")
        yield page, double
        double.decided.set()
        page.close()


def put(page: Page, question: str, *, articles: int) -> None:
    """Put a question and wait until so many messages are there."""
    page.type("#message", question)
    page.press("Enter")
    page.wait(f"{ARTICLES} === {articles}")


@pytest.mark.parametrize(("wanted", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_people_who_want_that(opened, wanted: str, moves: object) -> None:
    """While somebody waits for an answer, the drawer opens, and a trace is opened."""
    page, double = opened
    page.tab.emulate_media(reduced_motion=wanted)
    page.run("document.querySelector('.trace > summary').click()")
    double.scripts["Plan"] = WORK
    double.decided.clear()
    put(page, "Plan", articles=4)
    page.wait("document.querySelector('[data-state=running]')")
    animated = "document.getAnimations().length"
    assert (page.wait(f"document.querySelector('.working') && ({animated} + 1)") > 1) is moves
    lasting = """[...document.querySelectorAll('*')].filter((one) =>
        getComputedStyle(one).transitionDuration.split(', ').some((time) => time !== '0s')).length"""
    assert (page.run(lasting) > 0) is moves
    page.resize(360, 740)
    page.run("document.querySelector('#open-menu').click()")
    assert (page.run(animated) > 0) is moves


@pytest.mark.parametrize("width", [1280, 640, 360, 320])
def test_larger_and_wider_text_loses_nothing(opened, width: int) -> None:
    """At twice the size, which halves the window, and with the distances of letters, words and lines."""
    page, _ = opened
    page.tab.emulate_media(reduced_motion="reduce")
    for spaced in (False, True):
        if spaced:
            page.run(f"""{{ const sheet = new CSSStyleSheet(); sheet.replaceSync({SPACED!r});
                document.adoptedStyleSheets = [sheet]; }}""")
        page.resize(width, 512)
        for state in ("", "#open-files", "#open-menu"):
            if state and page.run(f"document.querySelector('{state}').checkVisibility()"):
                page.run(f"document.querySelector('{state}').click()")
                page.wait(f"document.querySelector('{state}').ariaExpanded === 'true'")
            where = (width, spaced, state)
            assert page.run("document.documentElement.scrollWidth") <= width, where
            assert page.run(OUTSIDE) == [], where
            assert page.run(CUT) == [], where
            page.press("Escape")
            page.wait("document.querySelector('#files').hidden")


@pytest.mark.parametrize("width", [1280, 360])
def test_whatever_is_pressed_is_large_enough(opened, width: int) -> None:
    """24 px at least each way, also in the trace, the documents and the settings."""
    page, _ = opened
    page.resize(width, 740)
    page.run("document.querySelector('.trace > summary').click()")
    page.wait("document.querySelector('.tool')")
    assert page.run(SMALL) == []
    page.run("document.querySelector('#open-files').click()")
    page.wait("!document.querySelector('#files').hidden")
    assert page.run(SMALL) == []
    page.run("document.querySelector('#close-files').click()")
    page.run("void (location.hash = '#/settings/account')")
    page.wait("document.querySelector('.settings-tab form')")
    assert page.run(SMALL) == []


def test_colours_of_ones_own_still_show_what_has_the_focus_and_what_is_chosen(opened) -> None:
    """Rings, icons, and a chosen tab and conversation."""
    page, _ = opened
    page.tab.emulate_media(forced_colors="active")
    page.wait("document.querySelector('#conversations [aria-current]')")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    page.focus("#attach")
    page.press("Shift+Tab")
    page.press("Tab")
    assert page.run(style.format("#attach", "outlineStyle")) == "solid"
    canvas = page.run(style.format("body", "backgroundColor"))
    assert page.run(style.format("#attach .icon", "stroke")) != canvas
    assert page.run(style.format("#send", "backgroundColor")) is not None
    assert page.run(style.format("#conversations [aria-current]", "backgroundColor")) != canvas
    page.run("void (location.hash = '#/settings/account')")
    page.wait("document.querySelector('.settings-tab form')")
    chosen = page.run(style.format("[role=tab][aria-selected=true]", "backgroundColor"))
    assert chosen != page.run(style.format("[role=tab][aria-selected=false]", "backgroundColor"))
