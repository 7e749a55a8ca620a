"""The log and the performance in the settings of the page, on the real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.ports.inside import LogLine, ModelSample, Sample
from backend.storage.stores import open_stores
from tests.fakes.accessible import PHONE, WIDE, assert_accessible
from tests.fakes.browser import Page
from tests.fakes.page_world import PageWorld, log_in, page_world

LINES = "[...document.querySelectorAll('.log li')]"
SAID = f"{LINES}.map((one) => one.querySelector('.said').textContent)"
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
    line = LogLine(
        at_ms=now_ms - 9_000, level=30, server="srv_other", logger="backend.x", message=""
    )
    lines = [
        LogLine(
            at_ms=now_ms - 90_000 - at,
            level=20,
            server="srv_other",
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


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server on a database with a history."""
    folder = tmp_path_factory.mktemp("inside")
    with page_world(folder) as world:
        world.start_model()
        with world.served():
            with ThreadPoolExecutor(1) as aside:  # a loop of Playwright's runs in this thread
                aside.submit(lambda: asyncio.run(_seeded(folder / "data"))).result()
            yield world


@pytest.fixture
def page(world: PageWorld) -> Page:
    """Give a page an administrator has logged in to."""
    page = world.open()
    log_in(page)
    return page


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
    page.run(
        "void ((one) => (one.value = 'WARNING', one.dispatchEvent(new Event('change'))))"
        "(document.querySelector('.log-head select'))"
    )
    page.wait(f"{LINES}.length < 20 && ({SAID}).includes('a request failed')")
    page.type(".log-head [type=search]", "req_needle")
    page.wait(f"{LINES}.length === 2")
    page.focus(".log li summary")
    page.press("Enter")
    page.wait("document.querySelector('.log [open] pre').textContent.includes('No space left')")
    assert_accessible(page, "the log", WIDE, PHONE)
    saved = page.save('[aria-label="Export"]', tmp_path)
    assert saved.name == "steward-logs.jsonl"
    assert len(saved.read_text().splitlines()) == 2
    assert page.complaints == []


def test_the_performance_is_drawn_and_told_as_numbers(page: Page) -> None:
    """Charts have words, models have tables, and both fit a phone."""
    settings(page, "performance")
    page.wait(f"({CHARTS}).some((one) => one.startsWith('First word: from'))")
    assert any(one.startswith("Memory: from") for one in page.run(CHARTS))
    page.focus(".performance summary")
    page.press("Enter")
    assert page.run("document.querySelectorAll('.performance table').length") == 2
    assert_accessible(page, "the performance", WIDE, PHONE)
    assert page.complaints == []
