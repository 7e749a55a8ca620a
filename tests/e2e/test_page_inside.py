"""The log and the performance in the settings of the page, on the real server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.ports.inside import LogLine, ModelSample, Sample
from backend.storage.stores import open_stores
from tests.fakes.accessible import PHONE, WIDE, assert_accessible
from tests.fakes.browser import Page
from tests.fakes.page_world import PageWorld, log_in, page_world

LINES = "[...document.querySelectorAll('.lines li')]"
SAID = f"{LINES}.map((one) => one.querySelector('.said').textContent)"
HOUR_MS = 3_600_000
COUNT = "document.querySelector('.settings-tab > [role=status]').textContent"
SERVERS = f"[...new Set({LINES}.map((one) => one.querySelector('.server').textContent))].join()"
CHARTS = "[...document.querySelectorAll('.chart svg')].map((one) => one.getAttribute('aria-label'))"
TRACE = "  backend/api/x.py:12 in work: raise OSError\nOSError: [Errno 28] No space left on device"


async def _seeded(folder: Path) -> None:
    """Keep an hour of measurements and some lines, as servers would have."""
    stores = await open_stores(f"sqlite+aiosqlite:///{folder}/steward.db")
    now_ms = int(time.time() * 1000)
    for minute in range(60):
        at_ms = now_ms - (60 - minute) * 60_000
        about = {"at_ms": at_ms, "server": "srv_other"}
        sample = Sample(
            **about,
            cpu=0.2 + (minute % 7) / 10,
            memory_bytes=150_000_000 + minute * 400_000,
            disk_free_bytes=50_000_000_000,
            disk_bytes=80_000_000_000,
            active_runs=minute % 4,
            queue=0,
        )
        answered = ModelSample(
            **about,
            model="llama3.2:3b",
            calls=3,
            failed=0,
            tokens=300,
            first_token_p50_s=0.3 + (minute % 5) / 20,
            first_token_p95_s=0.8,
            tokens_per_s_p50=40.0 + minute % 9,
            tokens_per_s_p95=55.0,
        )
        await stores.performance.add(sample, [answered])
        beside = replace(sample, server="srv_second", memory_bytes=64_000_000)
        await stores.performance.add(beside, [])
    line = LogLine(
        at_ms=now_ms - 9_000, level=30, server="srv_other", logger="backend.x", message=""
    )
    lines = [
        LogLine(
            at_ms=now_ms - 2 * HOUR_MS - at,
            level=20,
            server=("srv_other", "srv_second")[at % 2],
            logger="backend.y",
            message=f"note {at}",
        )
        for at in range(150)
    ]
    told = [
        ("the model server is slow to answer", 30, ""),
        ("a request failed", 40, TRACE),
    ]
    for message, level, trace in told:
        lines.append(
            LogLine(
                at_ms=line.at_ms,
                level=level,
                server=line.server,
                logger=line.logger,
                message=message,
                request_id="req_needle",
                trace=trace,
            )
        )
    await stores.log_lines.add(lines)
    await stores.aclose()


async def _added(folder: Path) -> None:
    stores = await open_stores(f"sqlite+aiosqlite:///{folder}/steward.db")
    now_ms = int(time.time() * 1000)
    about = {"level": 20, "server": "srv_second", "logger": "backend.z", "message": "one more"}
    await stores.log_lines.add([LogLine(at_ms=now_ms, **about)])
    await stores.aclose()


def aside(work: Coroutine[Any, Any, None]) -> None:
    """Do it in a thread of its own: a loop of Playwright's runs in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(work)).result()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server on a database with a history."""
    folder = tmp_path_factory.mktemp("inside")
    with page_world(folder) as world:
        world.start_model()
        with world.served():
            aside(_seeded(folder / "data"))
            yield world


@pytest.fixture
def page(world: PageWorld) -> Page:
    """Give a page an administrator has logged in to."""
    page = world.open()
    log_in(page)
    return page


def choose(page: Page, label: str, value: str) -> None:
    page.tab.get_by_role("combobox", name=label, exact=True).select_option(value)


def settings(page: Page, tab: str) -> None:
    """Open the settings at a tab."""
    page.focus("#who")
    page.press("Enter")
    page.wait("document.querySelector('.settings[open]')")
    page.focus(f"#tab-{tab}")
    page.press("Enter")


def test_the_log_is_filtered_paged_opened_and_saved(page: Page, tmp_path: Path) -> None:
    """Level, words and ids narrow it; older lines come on request; a line shows where it came from."""
    settings(page, "logs")
    page.wait(f"{LINES}.length === 100")
    page.focus(".settings-tab > button")
    page.press("Enter")
    page.wait(f"{LINES}.length > 150")
    choose(page, "Level", "WARNING")
    page.wait(f"{LINES}.length < 20 && ({SAID}).includes('a request failed')")
    page.type(".log-head [type=search]", "req_needle")
    page.wait(f"{LINES}.length === 2")
    page.focus(".lines li summary")
    page.press("Enter")
    page.wait("document.querySelector('.lines [open] pre').textContent.includes('No space left')")
    assert_accessible(page, "the log", WIDE, PHONE)
    saved = page.save('[aria-label="Export"]', tmp_path)
    assert saved.name == "steward-logs.jsonl"
    assert len(saved.read_text().splitlines()) == 2
    assert page.complaints == []


def test_the_log_names_servers_and_is_narrowed_to_one_of_them_and_to_a_time(
    page: Page, tmp_path: Path
) -> None:
    """Only where there are several; what is saved is what is shown."""
    settings(page, "logs")
    page.wait(f"{LINES}.length === 100 && document.querySelector('.lines.several')")
    assert set(page.run(f"{LINES}.map((one) => one.querySelector('.server').innerText)")) >= {
        "…_other",
        "…second",
    }
    choose(page, "Server", "srv_second")
    page.wait(f"{LINES}.length === 75 && {SERVERS} === '…second'")
    choose(page, "Time", "15")
    page.wait(f"{LINES}.length === 0")
    assert page.run(COUNT) == "There are no such lines."
    choose(page, "Time", "own")
    page.wait(f"{LINES}.length === 75")
    half = page.run(f"{LINES}[30].querySelector('time').dateTime")
    moment = page.run(
        f"(() => {{ const at = new Date({half!r}); at.setMinutes(at.getMinutes() -"
        " at.getTimezoneOffset()); return at.toISOString().slice(0, 23); })()"
    )
    page.tab.get_by_role("textbox", name="Until").fill(moment)
    page.wait(f"{LINES}.length === 44")
    assert "…second" in page.run(f"{LINES}[0].innerText")
    saved = page.save('[aria-label="Export"]', tmp_path)
    told = [json.loads(line)["server"] for line in saved.read_text().splitlines()]
    assert told == ["srv_second"] * 44


def test_new_lines_come_above_those_that_are_read(world: PageWorld, page: Page) -> None:
    """An open line stays open with its focus, what was paged to stays, and nothing moves under the reader."""
    settings(page, "logs")
    page.wait(f"{LINES}.length === 100")
    page.focus(".settings-tab > button")
    page.press("Enter")
    page.wait(f"{LINES}.length > 150")
    page.tab.get_by_label("Refresh by itself").check()
    page.tab.locator(".lines li summary").nth(120).click()
    page.run("void (window.reading = document.activeElement)")
    place, before = page.run(f"[window.reading.getBoundingClientRect().top, {LINES}.length]")
    aside(_added(world.folder / "data"))
    page.wait(f"({SAID}).includes('one more')")
    focused = "document.activeElement === window.reading"
    after = page.run(f"[window.reading.getBoundingClientRect().top, {focused}]")
    assert after == [pytest.approx(place, abs=1), True]
    assert page.run(f"{LINES}.length") > before
    assert page.run("window.reading.parentElement.open")


def test_the_performance_is_drawn_and_told_as_numbers(page: Page) -> None:
    """Charts have words, models have tables, servers are told apart, and all fits a phone."""
    settings(page, "performance")
    page.wait(f"({CHARTS}).some((one) => one.startsWith('First word: from'))")
    assert any(one.startswith("Memory: from") for one in page.run(CHARTS))
    choose(page, "Server", "srv_second")
    page.wait(f"({CHARTS}).includes('Memory: from 64 MB to 64 MB, 64 MB at the end')")
    assert not any("First word" in one for one in page.run(CHARTS))
    own = page.run("document.querySelector('.log-head [data-names] option').value")
    choose(page, "Server", own)
    page.wait(f"({CHARTS}).some((one) => one.startsWith('First word: from'))")
    page.focus(".performance summary")
    page.press("Enter")
    assert page.run("document.querySelectorAll('.performance table').length") == 2
    assert_accessible(page, "the performance", WIDE, PHONE)
    assert page.complaints == []
