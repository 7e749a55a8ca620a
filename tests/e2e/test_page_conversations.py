"""The list of conversations in a real browser on the real server, and a model from a script."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.fakes.ollama_double import Reply
from tests.fakes.talks import (
    FOCUSED,
    GROUPS,
    OPEN,
    PASSWORD,
    ROWS,
    TOAST,
    World,
    age,
    database,
    delete,
    left,
    log_in,
    menu,
    seen,
    talk,
    talking_world,
    until,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run a server, its model, and a browser."""
    with talking_world(tmp_path_factory.mktemp("conversations")) as made:
        yield made


@pytest.fixture
def http(world: World) -> Iterator[httpx.Client]:
    """Speak to the server as the administrator, who has no conversations yet."""
    world.model.reset()
    with world.client() as client:
        while listed := client.get("/api/conversations?limit=100").json()["conversations"]:
            for one in listed:
                client.delete(f"/api/conversations/{one['id']}")
        yield client


def test_conversations_are_grouped_by_date_and_searched_as_one_types(
    world: World, http: httpx.Client
) -> None:
    """In titles, where it is marked, and in what was said; Escape brings all back."""
    for title, days in (("Rent", 0), ("Zebras", 1), ("Apples", 4), ("Pears", 20), ("Old", 400)):
        made = talk(world, http, title, "Look at zebras." if title == "Pears" else "Fine.")
        age(world, made, days)
    page = seen(world, rows=5)
    groups = page.run(GROUPS)
    assert groups[:4] == ["Today", "Yesterday", "Previous 7 days", "Previous 30 days"]
    assert len(groups) == 5
    assert page.run(ROWS) == ["Rent", "Zebras", "Apples", "Pears", "Old"]
    page.press("Control+k")
    page.type("#search", "zebra")
    page.wait(f"{ROWS}.length === 2")
    assert page.run(ROWS) == ["Zebras", "Pears"]
    marks = "[...document.querySelectorAll('#conversations mark')].map((one) => one.textContent)"
    assert page.run(marks) == ["Zebra"]
    page.type("#search", "zzz")
    page.wait("document.querySelector('#list-note').textContent === 'Nothing found.'")
    page.press("Escape")
    page.wait(f"{ROWS}.length === 5")
    assert page.run("document.querySelector('#search').value") == ""
    assert page.complaints == []


def test_a_conversation_is_renamed_in_its_place(world: World, http: httpx.Client) -> None:
    """By Enter, not by Escape; also by a double click; the title of the page follows, no date does."""
    made = talk(world, http, "First name")
    age(world, made, days=3)
    page = seen(world, f"#/c/{made}")
    page.wait(f"{OPEN} === 'First name' && document.title === 'First name · Steward'")
    menu(page, "First name", "Enter")
    page.wait(f"{FOCUSED}.value === 'First name'")
    page.press("Control+a")
    page.type("#conversations input", "Second name")
    page.press("Escape")
    assert page.run(ROWS) == ["First name"]
    page.tab.dblclick("#conversations a")
    page.press("Control+a")
    page.type("#conversations input", "Third name")
    page.press("Enter")
    page.wait(f"{OPEN} === 'Third name' && document.title === 'Third name · Steward'")
    until(lambda: left(http) == ["Third name"])
    reloaded = seen(world)
    assert (reloaded.run(GROUPS), reloaded.run(ROWS)) == (["Previous 7 days"], ["Third name"])
    assert page.run(f"{FOCUSED}.textContent") == "Third name"
    assert page.complaints == []


def test_a_name_that_is_refused_goes_back_and_says_why(world: World, http: httpx.Client) -> None:
    """As when the conversation was deleted elsewhere."""
    made = talk(world, http, "Going")
    page = seen(world)
    http.delete(f"/api/conversations/{made}")
    menu(page, "Going", "Enter")
    page.type("#conversations input", "Gone")
    page.press("Enter")
    page.wait("document.querySelector('#banner').innerText.includes('no such conversation')")
    assert page.run(ROWS) == ["Going"]


def test_what_is_deleted_comes_back_by_undo(world: World, http: httpx.Client) -> None:
    """The row goes at once and the server is not told; the open one is opened again."""
    other, made = talk(world, http, "Kept"), talk(world, http, "Open")
    page = seen(world, f"#/c/{made}", rows=2)
    page.wait(f"{OPEN} === 'Open'")
    delete(page, "Open")
    page.wait("location.hash === '#/' && document.activeElement.textContent === 'Undo'")
    assert page.run(ROWS) == ["Kept"]
    assert page.run("document.querySelector('#welcome').checkVisibility()")
    assert left(http) == ["Open", "Kept"]
    page.press("Enter")
    page.wait(f"{OPEN} === 'Open' && location.hash === '#/c/{made}'")
    page.wait("document.querySelector('#log .answer')")
    assert page.run(TOAST) == ""
    assert left(http) == ["Open", "Kept"]
    page.run(f"location.hash = '#/c/{other}'")
    page.wait(f"{OPEN} === 'Kept'")
    delete(page, "Open")
    assert page.run("location.hash") == f"#/c/{other}"
    assert page.complaints == []


def test_the_server_deletes_when_nothing_can_be_undone_any_more(
    world: World, http: httpx.Client
) -> None:
    """When another is deleted, when the time is over, and when the notice is closed."""
    for title in ("One", "Two", "Three"):
        talk(world, http, title)
    page = seen(world, rows=3)
    delete(page, "One")
    assert left(http) == ["Three", "Two", "One"]
    delete(page, "Two")
    until(lambda: left(http) == ["Three", "Two"])
    page.press("Escape")
    until(lambda: left(http) == ["Three"])
    page.wait(f"{TOAST} === ''")
    delete(page, "Three")
    page.focus("#message")
    page.wait(f"{TOAST} === ''")
    until(lambda: left(http) == [])
    page.wait("document.querySelector('#list-note').textContent.startsWith('Your conv')")
    assert page.complaints == []


def test_leaving_the_page_deletes(world: World, http: httpx.Client) -> None:
    """By closing it, by a reload, and by logging out."""
    for title in ("One", "Two", "Three"):
        talk(world, http, title)
    page = seen(world, rows=3)
    delete(page, "One")
    page.run("void location.reload()")
    until(lambda: left(http) == ["Three", "Two"])
    page.wait(f"{ROWS}.length === 2")
    delete(page, "Two")
    page.focus("#logout")
    page.press("Enter")
    page.wait("!document.querySelector('#login').hidden")
    assert left(http) == ["Three"]
    page = seen(world)
    delete(page, "Three")
    page.tab.goto("about:blank")
    until(lambda: left(http) == [])


def test_what_cannot_be_deleted_comes_back_with_the_reason(
    world: World, http: httpx.Client
) -> None:
    """The row stands where it stood."""
    talk(world, http, "Stays")
    page = seen(world)
    page.tab.context.set_offline(True)
    delete(page, "Stays")
    page.press("Escape")
    page.wait("document.querySelector('#banner').innerText.includes('cannot be reached')")
    assert page.run(ROWS) == ["Stays"]
    page.tab.context.set_offline(False)
    assert left(http) == ["Stays"]


def test_the_notice_stays_while_it_has_the_keyboard(world: World, http: httpx.Client) -> None:
    """And goes when it has not."""
    talk(world, http, "Slow")
    page = seen(world)
    page.tab.clock.install()
    delete(page, "Slow")
    page.tab.clock.run_for(60_000)
    assert "Slow" in page.run(TOAST)
    page.focus("#message")
    page.tab.clock.run_for(9_000)
    page.wait(f"{TOAST} === ''")


def test_the_menu_is_walked_by_keyboard(world: World, http: httpx.Client) -> None:
    """Arrows go round, Escape goes back to its button, and Tab closes it."""
    talk(world, http, "Rent")
    page = seen(world)
    label = f"{FOCUSED}.textContent"
    menu(page, "Rent")
    assert page.run(label) == "Rename"
    for key, name in (("ArrowUp", "Delete"), ("ArrowDown", "Rename"), ("End", "Delete")):
        page.press(key)
        assert page.run(label) == name
    button = "document.querySelector('#conversations [aria-haspopup=menu]')"
    assert page.run(f"{button}.ariaExpanded") == "true"
    page.press("Escape")
    page.wait("!document.querySelector('.menu')")
    assert page.run(f"{FOCUSED} === {button} && {button}.ariaExpanded") == "false"
    menu(page, "Rent", "Tab")
    page.wait("!document.querySelector('.menu')")
    page.tab.hover("#conversations li")
    for count in (1, 0, 1):
        page.tab.click("#conversations [aria-haspopup=menu]")
        page.wait(f"document.querySelectorAll('.menu').length === {count}")
    page.tab.mouse.click(700, 300)
    page.wait("!document.querySelector('.menu')")
    assert page.complaints == []


def test_a_conversation_is_saved_as_a_file(
    world: World, http: httpx.Client, tmp_path: Path
) -> None:
    """As Markdown and as JSON, named after it."""
    made = talk(world, http, "Größe / 東京?", "Big.")
    page = seen(world)
    saved = {}
    for item in (2, 3):
        page.tab.hover("#conversations li")
        page.tab.click("#conversations [aria-haspopup=menu]")
        path = page.save(f".menu button:nth-child({item})", tmp_path)
        saved[path.suffix] = path
        assert path.stem.startswith("Größe")
    assert saved[".md"].read_text().startswith("# Größe / 東京?\n")
    assert json.loads(saved[".json"].read_text())["id"] == made
    assert page.complaints == []


@pytest.mark.parametrize("whose", ["nobody", "somebody"])
def test_a_link_to_what_is_not_there_says_so_and_offers_a_new_one(
    world: World, http: httpx.Client, whose: str
) -> None:
    """Somebody else's conversation is not there either; what is asked next begins a new one."""
    made = "conv_none"
    if whose == "somebody":
        body = {"username": "bob", "password": PASSWORD, "role": "user"}
        http.post("/api/users", json=body)
        with world.client("bob") as his:
            made = talk(world, his, "Secret")
    page = world.open(f"#/c/{made}")
    log_in(page)
    page.wait("document.querySelector('#banner').innerText.includes('Here is a new one')")
    assert page.run("location.hash") == "#/"
    assert page.run("document.querySelector('#welcome').checkVisibility()")
    world.model.queue(Reply(content="Hello."))
    page.type("#message", "Hi")
    page.press("Enter")
    page.wait("location.hash.startsWith('#/c/conv_') && document.querySelector('.answer')")


def test_the_address_leads_back_and_forward(world: World, http: httpx.Client) -> None:
    """And survives a reload; the tab is named after what is open."""
    first, second = talk(world, http, "First"), talk(world, http, "Second")
    page = seen(world, f"#/c/{first}", rows=2)
    page.wait("document.title === 'First · Steward'")
    page.run(f"location.hash = '#/c/{second}'")
    page.wait(f"document.title === 'Second · Steward' && {OPEN} === 'Second'")
    page.press("Control+Shift+O")
    page.wait("document.title === 'Steward'")
    page.run("history.back()")
    page.wait(f"document.title === 'Second · Steward' && {OPEN} === 'Second'")
    page.run("history.back()")
    page.wait(f"document.title === 'First · Steward' && {OPEN} === 'First'")
    page.reload("document.title === 'First · Steward'")
    assert page.complaints == []


def test_a_conversation_that_is_being_answered_shows_it(world: World, http: httpx.Client) -> None:
    """Also when it is answered elsewhere; the sign goes by itself."""
    made = talk(world, http, "Busy")
    with closing(sqlite3.connect(database(world), timeout=20)) as db:
        say = "UPDATE conversations SET active_run_id = ? WHERE id = ?"
        with db:
            db.execute(say, ("run_1", made))
        page = seen(world)
        page.wait("document.querySelector('#conversations .busy').checkVisibility()")
        with db:
            db.execute(say, (None, made))
    page.wait("!document.querySelector('#conversations .busy').checkVisibility()")


def test_the_list_is_fetched_again_when_its_tab_is_looked_at(
    world: World, http: httpx.Client
) -> None:
    """What happened in another tab is there then."""
    made = talk(world, http, "First")
    page = seen(world)
    talk(world, http, "Second")
    http.patch(f"/api/conversations/{made}", json={"title": "Renamed"})
    assert page.run(ROWS) == ["First"]
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(f"{ROWS}.sort().join() === 'Renamed,Second'")


def test_a_choice_closes_the_drawer_of_a_phone(world: World, http: httpx.Client) -> None:
    """Also of what is open already; the search is found there too."""
    made = talk(world, http, "Phone")
    page = seen(world, f"#/c/{made}")
    page.resize(360, 740)
    shown = "document.querySelector('#sidebar').classList.contains('open')"
    page.wait("document.querySelector('#sidebar').inert")
    page.press("Control+k")
    page.wait(f"{shown} && {FOCUSED}.id === 'search'")
    page.type("#search", "pho")
    page.wait("document.querySelector('#conversations mark')")
    page.press("Escape")
    page.wait("!document.querySelector('#conversations mark')")
    assert page.run(shown)
    page.tab.click("#conversations a")
    page.wait(f"!{shown}")
    assert page.complaints == []


def test_five_thousand_conversations_stay_quick(world: World, http: httpx.Client) -> None:
    """More come as one scrolls, without a jump; marking another takes no time that is noticed."""
    talk(world, http, "Newest")
    with closing(sqlite3.connect(database(world), timeout=20)) as db, db:
        (owner,) = db.execute("SELECT user_id FROM conversations").fetchone()
        now_ms = int(time.time() * 1000)
        rows = [
            (f"conv_{at}", owner, now_ms - at * 3_600_000, f"Talk {at}") for at in range(1, 5001)
        ]
        db.executemany(
            "INSERT INTO conversations (id, user_id, created_at_ms, updated_at_ms, title, title_key,"
            " metadata) VALUES (?1, ?2, ?3, ?3, ?4, lower(?4), '{}')",
            rows,
        )
    page = seen(world, rows=50)
    nav = "document.querySelector('.conversations')"
    page.wait(f"({nav}.scrollTop = 1e9, {ROWS}.length > 5000)")
    place = f"{nav}.scrollTop"
    before = page.run(place)
    assert before > 100_000
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    took_ms = page.run(
        "(async () => { const begun = performance.now(); location.hash = '#/c/conv_4999';"
        " await new Promise((done) => addEventListener('hashchange', done, { once: true }));"
        " document.body.offsetHeight; return performance.now() - begun; })()"
    )
    page.wait(f"{OPEN} === 'Talk 4999'")
    assert took_ms < 300, took_ms
    assert page.run(place) == before
    assert page.complaints == []
    with closing(sqlite3.connect(database(world), timeout=20)) as db, db:
        db.execute("DELETE FROM conversations WHERE id <> ''")
