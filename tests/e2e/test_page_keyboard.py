"""The page by keyboard alone, in a real browser on the real server: where the focus goes, and where it stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.browser import Page
from tests.fakes.page_world import PASSWORD, PageWorld, page_world
from tests.fakes.sample_files import pdf_of_lines

NOTICE = "Either party may end the lease with a notice of 90 days."
FOOTS = "[...document.querySelectorAll('.answer-foot')]"
MOST_STOPS = 80
STOP = """(() => {
    const found = document.activeElement;
    if (found === document.body || found === document.documentElement) return null;
    const ringed = (one) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
    };
    const [first] = found.getClientRects();
    const box = first && {
        left: Math.max(first.left, 0), right: Math.min(first.right, innerWidth),
        top: Math.max(first.top, 0), bottom: Math.min(first.bottom, innerHeight),
    };
    const seen = box && box.left < box.right && box.top < box.bottom && found.checkVisibility({
        opacityProperty: true, visibilityProperty: true });
    const hit = seen && document.elementFromPoint(
        (box.left + box.right) / 2, (box.top + box.bottom) / 2);
    const before = window.lastStop;
    window.lastStop = found;
    return {
        name: found.id || found.ariaLabel || found.textContent.trim().slice(0, 40) || found.className,
        again: before === found,
        ringed: ringed(found) || [...document.querySelectorAll('.composer, .editor')]
            .some((one) => one.contains(found) && ringed(one)),
        left: !before || before === found || !ringed(before),
        seen: Boolean(hit && (found.contains(hit) || hit.contains(found))),
    };
})()"""
NOWHERE = "document.activeElement === document.body"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server with a model."""
    with page_world(tmp_path_factory.mktemp("keyboard")) as world:
        world.start_model()
        with world.served():
            yield world


@pytest.fixture
def page(world: PageWorld) -> Iterator[Page]:
    """Give a page on which somebody has logged in by keyboard."""
    assert world.model
    world.model.reset()
    page = world.open()
    page.wait("document.activeElement.id === 'username'")
    write(page, "admin")
    page.press("Tab")
    write(page, PASSWORD)
    page.press("Enter")
    page.wait("document.activeElement.id === 'message'")
    page.wait("document.querySelector('.examples li')")
    yield page
    assert page.complaints == []
    page.close()


def write(page: Page, words: str) -> None:
    page.tab.keyboard.insert_text(words)


def go(page: Page, selector: str, *, key: str = "Tab") -> list[str]:
    """Press a key until an element has the focus; every stop on the way can be seen to have it."""
    names: list[str] = []
    for _ in range(MOST_STOPS):
        page.press(key)
        stop = page.run(STOP)
        if stop is None:
            names.append("")
            continue
        names.append(stop["name"])
        assert (stop["ringed"], stop["left"], stop["seen"]) == (True, True, True), names
        if page.run(f"document.activeElement.matches({selector!r})"):
            return names
    raise AssertionError(names)


def back(page: Page, selector: str) -> list[str]:
    return go(page, selector, key="Shift+Tab")


def ended(page: Page, answers: int) -> None:
    """Wait until that many answers are complete; the focus is somewhere."""
    page.wait(f"{FOOTS}.filter((one) => one.hasChildNodes()).length === {answers}")
    assert not page.run(NOWHERE)


def ask(page: Page, question: str, *, answers: int) -> None:
    assert page.run("document.activeElement.id") == "message"
    write(page, question)
    page.press("Enter")
    ended(page, answers)


def choose(page: Page, path: Path) -> None:
    """Press Enter on what opens a dialog for files, and choose one."""
    with page.tab.expect_file_chooser() as opened:
        page.press("Enter")
    opened.value.set_files(path)


def rename_and_delete(page: Page) -> None:
    """Give the only conversation another title, delete it, undo that, and delete it for good."""
    back(page, "#conversations .icon-button")
    page.press("Enter")
    page.wait("document.activeElement.role === 'menuitem'")
    page.press("Escape")
    assert page.run("document.activeElement.ariaHasPopup") == "menu"
    page.press("Enter")
    page.wait("document.activeElement.role === 'menuitem'")
    page.press("Enter")
    page.wait("document.activeElement.matches('#conversations input')")
    write(page, "The lease")
    page.press("Enter")
    page.wait("document.activeElement.textContent === 'The lease'")
    for key in ("Enter", "Escape"):
        go(page, "#conversations .icon-button")
        page.press("Enter")
        page.wait("document.activeElement.role === 'menuitem'")
        page.press("End")
        page.press("Enter")
        page.wait("document.activeElement.matches('#toast button')")
        page.wait("document.querySelectorAll('#conversations a').length === 0")
        page.press(key)
        page.wait("!document.querySelector('.toast')")
        page.wait(f"!({NOWHERE})")
        back(page, "#new-chat")


def settings_and_out(page: Page) -> None:
    """Make a key in the settings, close them, and log out."""
    go(page, "#who")
    page.press("Enter")
    page.wait("document.activeElement.id === 'tab-account'")
    page.press("ArrowDown")
    page.wait("document.activeElement.id === 'tab-keys'")
    page.wait("document.querySelector('.settings [name=name]')")
    go(page, "[name=name]")
    write(page, "a program")
    page.press("Enter")
    page.wait("document.querySelector('.made-key')")
    assert not page.run(NOWHERE)
    page.press("Escape")
    page.wait("document.activeElement.id === 'who'")
    page.press("Tab")
    assert page.run("document.activeElement.id") == "logout"
    page.press("Enter")
    page.wait("document.activeElement.id === 'username'")


def test_everything_is_done_without_a_mouse(world: PageWorld, page: Page, tmp_path: Path) -> None:
    """Ask, see the work, open a source and close it, attach, rename, delete, undo, settings, log out."""
    assert world.model
    lease = tmp_path / "lease.pdf"
    lease.write_bytes(pdf_of_lines([["The rent is 900 euros."], [NOTICE]]))
    page.tab.select_option("#model", "builtin")
    page.wait("document.querySelector('.examples button')")  # what is shown first has come
    page.wait("document.activeElement.id === 'message'")
    go(page, "#attach")
    choose(page, lease)
    page.wait("document.querySelector('.composer .attached progress[hidden]')")
    back(page, "#message")
    ask(page, "What notice does the lease ask for?", answers=1)
    back(page, ".trace > summary")
    page.press("Enter")
    page.wait("document.querySelector('.trace').open")
    go(page, "a.cite")
    page.press("Enter")
    page.wait("document.querySelector('#file-view mark')")
    assert page.run("document.activeElement.id") == "files-title"
    go(page, "#close-files")
    page.press("Enter")
    assert page.run("document.activeElement.className") == "cite"
    rename_and_delete(page)
    settings_and_out(page)
