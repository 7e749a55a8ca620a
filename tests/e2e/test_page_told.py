"""What people who do not see the page are told, in a real browser on the real server: all, and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.browser import Page
from tests.fakes.ollama_double import Call, Reply, failing
from tests.fakes.page_world import PageWorld, log_in, page_world

RULES = {"APPROVALS__RULES": "math_calc=ask", "DOCUMENTS__MAX_FILE_BYTES": "50000"}
SUM = Call(name="math_calc", arguments={"expression": "6*7"})
# What a reader speaks: every change of the words of a live region, but that a list is still empty.
LISTEN = """(() => {
    window.told = [];
    const live = '[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]';
    const before = new Map();
    new MutationObserver((changes) => {
        const regions = new Set(changes.flatMap(({ target, addedNodes }) => {
            const element = target.nodeType === 1 ? target : target.parentElement;
            const inside = [...addedNodes].flatMap((one) =>
                one.nodeType === 1 ? [...one.querySelectorAll(live), one] : []);
            return [element?.closest(live), ...inside.filter((one) => one.matches(live))];
        }).filter((one) => one?.isConnected && one.checkVisibility()));
        for (const one of regions) {
            const words = one.innerText.trim();
            if (words && one.id !== 'list-note') window.told.push(words);
        }
    }).observe(document.body, { subtree: true, childList: true, characterData: true,
        attributes: true, attributeFilter: ['hidden', 'role'] });
})()"""
FOOTS = "[...document.querySelectorAll('.answer-foot')]"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server that asks before it calculates, with a model."""
    with page_world(tmp_path_factory.mktemp("told")) as world, world.served(**RULES):
        world.start_model()
        yield world


@pytest.fixture
def page(world: PageWorld) -> Iterator[Page]:
    """Give a page of somebody new that is listened to."""
    assert world.model
    world.model.reset()
    page = world.open()
    log_in(page, world.person())
    page.wait("document.querySelector('.examples li')")
    page.run(LISTEN)
    yield page
    page.close()


def put(page: Page, question: str, mode: str = "chat") -> None:
    page.tab.select_option("#mode", mode)
    page.type("#message", question)
    page.press("Enter")


def told(page: Page, last: str) -> list[str]:
    """Give what was told up to some words, and forget it."""
    page.wait(f"window.told.some((one) => one.includes({last!r}))")
    return page.run("new Promise((done) => setTimeout(() => done(window.told.splice(0)), 300))")


def test_how_answers_begin_and_end_is_told_and_their_words_are_not(
    world: PageWorld, page: Page
) -> None:
    """Complete, and stopped."""
    assert world.model
    world.model.queue(Reply(content="Many words that come one by one."))
    put(page, "Talk")
    assert told(page, "complete") == ["Steward is answering.", "The answer is complete."]
    world.model.queue(Reply(count=4000, tokens_per_second=50))
    put(page, "Talk on")
    page.wait("document.querySelectorAll('.answer-text')[1]?.textContent.length > 30")
    page.press("Escape")
    assert told(page, "Stopped") == ["Steward is answering.", "Stopping…", "Stopped."]


def test_a_failed_answer_is_told_once(world: PageWorld, page: Page) -> None:
    """In the line above the conversation alone."""
    assert world.model
    world.model.script(lambda _: failing(500, "model runner has unexpectedly stopped"))
    put(page, "Fail")
    failed = told(page, "unexpectedly stopped")
    assert [one for one in failed if "unexpectedly" in one] == failed[-1:]


def test_that_something_is_to_be_allowed_is_told_to_whoever_writes(
    world: PageWorld, page: Page
) -> None:
    """Once; whoever does not is led to the card."""
    assert world.model
    world.model.script(lambda _: Reply(calls=[SUM]))
    put(page, "Calculate", "react")
    page.type("#message", "meanwhile")
    page.wait("document.querySelector('.approval')")
    asked = told(page, "answering")
    assert sum("asks to use math_calc" in one for one in asked) <= 1


def test_what_becomes_of_files_is_told(page: Page, tmp_path: Path) -> None:
    """Of one that can be read, and of one that cannot; not how far each is."""
    fine, large = tmp_path / "fine.txt", tmp_path / "large.txt"
    fine.write_text("Bees sleep.")
    large.write_text("words " * 10_000)
    page.drop([fine])
    assert told(page, "Ready") == ["fine.txt: Ready"]
    page.drop([large])
    failed = told(page, "larger")
    assert len(failed) == 1


def test_a_deletion_is_told(world: PageWorld, page: Page) -> None:
    """With what can still be done about it."""
    assert world.model
    world.model.queue(Reply(content="Fine."))
    put(page, "Talk")
    told(page, "complete")
    page.focus("#conversations .icon-button")
    page.press("Enter")
    page.press("End")
    page.press("Enter")
    gone = told(page, "Deleted")
    assert [one for one in gone if "Deleted" in one] == ["Deleted: “Talk”\nUndo"]


def test_a_lost_connection_is_told_and_when_it_is_back(tmp_path: Path) -> None:
    """Once each."""
    with page_world(tmp_path) as world:
        with world.served():
            page = world.open()
            log_in(page)
            page.wait("document.querySelector('.examples li')")
            page.run(LISTEN)
        page.run("void document.querySelector('#search').dispatchEvent(new Event('input'))")
        assert told(page, "cannot be reached") == ["The server cannot be reached. Trying again…"]
        with world.served():
            assert told(page, "is there again") == ["The server is there again."]
            page.close()


def test_the_outline_of_the_page_is_one_heading_and_named_parts(page: Page) -> None:
    """What readers jump between."""
    page.run("document.querySelector('#open-files').click()")
    page.wait("document.querySelector('#files').checkVisibility()")
    parts = page.run("""[...document.querySelectorAll('main, nav, aside')]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.localName, one.ariaLabel
            ?? document.getElementById(one.getAttribute('aria-labelledby')).textContent])""")
    named = [["aside", "Menu"], ["nav", "Conversations"], ["main", "New chat"]]
    assert parts == [*named, ["aside", "Documents"]]
    heads = "[...document.querySelectorAll('h1')].filter((one) => one.checkVisibility())"
    assert page.run(f"{heads}.map((one) => one.textContent)") == ["New chat"]
    assert page.run("document.querySelector('#log').role") == "log"
    assert page.run("document.querySelector('#log').ariaLive") == "off"
