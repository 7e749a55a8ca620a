"""Citations in a real browser on the real server: chips, the passage beside the chat, and pictures of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_page_documents import MARKER, NOTICE, ask
from tests.fakes.browser import Page
from tests.fakes.page_world import PageWorld, log_in, page_world
from tests.fakes.sample_files import pdf_of_lines, picture, xlsx

CARD = "document.querySelector('#source-card:popover-open')"
TITLE = "document.querySelector('#files-title').textContent"
SHEET = "document.querySelector('#file-view .sheet img')"
LEASE = [["The rent is 900 euros a month."], [NOTICE], ["Signed in Bonn."]]
ROWS = [("city", "people"), ("Bonn", 331_000), ("Rome", 2_750_000)]


def add(page: Page, folder: Path, files: dict[str, bytes]) -> None:
    """Choose files and wait until they have been read."""
    paths = []
    for name, content in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    page.focus("#open-files")
    page.press("Enter")
    page.choose("#picker", paths)
    page.wait(f"document.querySelectorAll('#file-list .ready').length === {len(files)}")


def pixels(page: Page) -> int:
    """Count the pixels of the shown picture that are marked."""
    return page.wait(f"""(() => {{
        const shown = {SHEET};
        if (!shown?.naturalWidth) return null;
        const sheet = document.createElement('canvas').getContext('2d', {{}});
        sheet.canvas.width = shown.naturalWidth;
        sheet.canvas.height = shown.naturalHeight;
        sheet.drawImage(shown, 0, 0);
        const all = sheet.getImageData(0, 0, sheet.canvas.width, sheet.canvas.height).data;
        let count = 1;
        for (let at = 0; at < all.length; at += 4) if (all[at] - all[at + 2] > 90) count += 1;
        return count;
    }})()""")


def asked_for(page: Page, part: str) -> list[str]:
    """List what the page has asked the server for."""
    return [one for one in page.asked if part in one]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server that has no language model."""
    with page_world(tmp_path_factory.mktemp("citations")) as world, world.served():
        yield world


@pytest.fixture
def page(world: PageWorld) -> Iterator[Page]:
    """Give a page to which somebody without documents has logged in; its console has nothing to tell."""
    page = world.open()
    log_in(page, world.person())
    yield page
    assert page.complaints == []
    page.close()


@pytest.fixture
def asked(tmp_path: Path, page: Page) -> Page:
    """Give it when a question about a PDF has been answered."""
    add(page, tmp_path, {"lease.pdf": pdf_of_lines(LEASE)})
    page.press("Escape")
    ask(page, "What notice does the lease ask for?", answers=1)
    return page


def test_a_chip_tells_what_it_stands_for_and_opens_the_page(asked: Page) -> None:
    """By name, by a card on focus, and by Enter: text and picture of the page, both marked."""
    page = asked
    name = page.run(f"document.querySelector('{MARKER}').ariaLabel")
    assert name == "Source 1: lease.pdf, page 2"
    page.focus(MARKER)
    page.wait(f"{CARD}?.innerText.includes('Either party')")
    described = page.run(f"document.querySelector('{MARKER}').getAttribute('aria-describedby')")
    assert described == "source-card"
    assert page.run(f"{CARD}.innerText").startswith("lease.pdf, page 2")
    page.press("Escape")
    page.wait(f"!{CARD}")
    page.press("Enter")
    marked = page.wait("document.querySelector('#file-view mark')?.textContent")
    assert NOTICE in marked
    assert page.run(TITLE) == "lease.pdf, page 2"
    assert page.run(f"{SHEET}.alt") == "lease.pdf, page 2"
    assert pixels(page) > 1000
    assert asked_for(page, "/pages/2/image")

    page.press("Escape")
    page.focus("#log .sources a")
    page.wait(f"{CARD}?.innerText.includes('Either party')")
    page.press("Enter")
    page.wait(f"{TITLE} === 'lease.pdf, page 2'")


def test_pages_are_turned_enlarged_and_read_in_one(asked: Page) -> None:
    """The newest page asked for is the one that is shown, however quickly they are turned."""
    page = asked
    page.run(f"document.querySelector('{MARKER}').click()")
    page.wait(f"{SHEET}?.naturalWidth")
    page.run("document.querySelector('.page-bar [aria-label=\"Next page\"]').click()")
    page.wait(f"{TITLE} === 'lease.pdf, page 3'")
    assert "Bonn" in page.run("document.querySelector('.page-text').textContent")
    assert page.run("document.querySelector('.page-bar [aria-label=\"Next page\"]').disabled")
    page.run("""[1, 2].forEach(() =>
        document.querySelector('.page-bar [aria-label="Previous page"]').click())""")
    page.wait(f"{TITLE} === 'lease.pdf, page 1'")
    assert pixels(page) == 1
    assert (
        page.run("document.querySelector('.page-bar [role=status]').textContent") == "Page 1 of 3"
    )

    page.focus("#file-view .sheet")
    page.press("Enter")
    page.wait("document.querySelector('dialog.enlarged img').naturalWidth === 2000")
    page.press("Escape")
    page.wait("!document.querySelector('dialog.enlarged')")
    assert page.run("document.activeElement.className") == "sheet"

    page.run("[...document.querySelectorAll('.page-bar .more')][0].click()")
    for count in (1, 2, 3):
        page.wait(f"document.querySelectorAll('#file-view .leaf').length === {count}")
        page.run("document.querySelector('#file-view > :last-child > .more')?.click()")
    assert page.wait("document.querySelector('#file-view mark')?.textContent") in NOTICE


def test_a_card_comes_by_mouse_and_stays_while_it_is_read(asked: Page) -> None:
    """It goes when the mouse has left both."""
    page = asked
    over = "new PointerEvent('pointerover', {bubbles: true, pointerType: 'mouse'})"
    page.run(f"document.querySelector('{MARKER}').dispatchEvent({over})")
    page.wait(f"{CARD}?.innerText.includes('Either party')")
    page.run("document.querySelector('#log').dispatchEvent(new PointerEvent('pointerleave'))")
    page.run(f"{CARD}.dispatchEvent(new PointerEvent('pointerenter'))")
    page.run("new Promise((done) => setTimeout(done, 400))")
    assert page.run(f"{CARD} !== null")
    page.run(f"{CARD}.dispatchEvent(new PointerEvent('pointerleave'))")
    page.wait(f"!{CARD}")


def test_tables_images_and_lost_files_are_shown_as_what_they_are(
    tmp_path: Path, page: Page
) -> None:
    """A grid, the picture itself, and why there is nothing."""
    files = {"cities.xlsx": xlsx({"Cities": ROWS}), "invoice.png": picture("INVOICE 4711")}
    add(page, tmp_path, files)
    shown = "document.querySelector('#file-view')"
    page.run(
        "document.querySelector('#file-list [title=\"cities.xlsx\"]').closest('button').click()"
    )
    page.wait(f"{shown}.querySelectorAll('tr').length === 3")
    page.run("document.querySelector('#files-back').click()")
    page.wait("document.querySelector('#file-list [title=\"invoice.png\"]')")
    page.run(
        "document.querySelector('#file-list [title=\"invoice.png\"]').closest('button').click()"
    )
    page.wait(f"{SHEET}?.naturalWidth === 1400 && {shown}.innerText.includes('4711')")


def test_on_a_phone_the_passage_covers_the_chat_and_going_back_closes_it(asked: Page) -> None:
    """The chat stays what it was."""
    page = asked
    page.resize(360, 740)
    page.run(f"document.querySelector('{MARKER}').click()")
    page.wait("document.querySelector('#file-view mark')")
    assert page.run("document.querySelector('#files').getBoundingClientRect().width") == 360
    assert page.run("document.documentElement.scrollWidth") == 360
    before = page.run("location.href")
    page.run("history.back()")
    page.wait("document.querySelector('#files').hidden")
    assert page.run("location.href") == before
    assert page.run("document.querySelectorAll('.answer').length") == 1
    assert not page.run("document.querySelector('#main').inert")


def test_the_panel_is_as_wide_as_it_was_chosen_to_be(asked: Page) -> None:
    """By keyboard, and kept."""
    page = asked
    page.run(f"document.querySelector('{MARKER}').click()")
    width = "document.querySelector('#files').getBoundingClientRect().width"
    before = page.wait(width)
    page.focus("#files .handle")
    page.press("ArrowRight")
    assert page.wait(f"{width} < {before} && {width}") == pytest.approx(before - 25.6, abs=1)
    assert page.run("document.querySelector('.handle').ariaValueNow") == "34"
    assert page.run("localStorage.getItem('steward.panel')") == "34"
