"""A real Chromium without a window, driven by Playwright as a person would use it.

`Page` is a tab with what its console said; `Page.tab` is Playwright's own page for everything else.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Playwright, sync_playwright

from tests.fakes.processes import required_program

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
MOST_WAIT_S = 90
MOST_LOADS = 5
LEFT = "Execution context was destroyed"
WIDE = {"width": 1280, "height": 800}


class Page:
    """One tab. `complaints` are errors and violated policies that its console has told of, `asked`
    all addresses it has asked anybody for."""

    def __init__(self, chromium: Browser, *, address: str, locale: str = "en-US") -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._context = chromium.new_context(viewport=WIDE, locale=locale)
        self._context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.tab = self._context.new_page()
        self.tab.set_default_timeout(MOST_WAIT_S * 1000)
        self.tab.on("console", self._note)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self._devtools = self._context.new_cdp_session(self.tab)
        self._folder: Path | None = None
        self.tab.goto(address, wait_until="commit")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def run(self, expression: str) -> Any:
        """Give the value of a JavaScript expression; a promise is waited for."""
        return self.tab.evaluate(expression)

    def wait(self, expression: str) -> Any:
        """Give the value of a JavaScript expression as soon as it is true, also across loads."""
        # Playwright's own waiting evaluates text in the page, which the page's policy forbids.
        poll = f"""new Promise((done, fail) => {{
            const end = Date.now() + {MOST_WAIT_S * 1000};
            const look = () => {{
                const found = (() => {{ try {{ return {expression}; }} catch {{ return null; }} }})();
                if (found) done(found);
                else if (Date.now() > end) fail(new Error(document.body.innerText));
                else setTimeout(look, 20);
            }};
            look();
        }})"""
        for _ in range(MOST_LOADS):
            try:
                return self.tab.evaluate(poll)
            except Error as exc:
                if LEFT not in exc.message:
                    raise
        raise AssertionError(expression)

    def reload(self, shown: str = "document.querySelector('#log article')") -> None:
        """Load it again, until an expression is true there: as a rule, until messages are there."""
        self.run("void (window.old = true, location.reload())")
        self.wait(f"!window.old && {shown}")

    def type(self, selector: str, words: str) -> None:
        """Write into a field."""
        self.focus(selector)
        self.tab.keyboard.insert_text(words)

    def focus(self, selector: str) -> None:
        """Wait for an element that can be seen and put the focus on it."""
        self.tab.locator(selector).first.wait_for(state="visible")
        self.tab.locator(selector).first.focus()

    def press(self, key: str) -> None:
        """Press a key, or keys joined by +, where the focus is."""
        self.tab.keyboard.press(key)

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in the dialog of an input."""
        self.tab.set_input_files(selector, files)

    def save(self, selector: str, folder: Path) -> Path:
        """Click what begins a download; give the file, saved in a folder by the name it is given."""
        with self.tab.expect_download() as waiting:
            self.tab.click(selector)
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def look(self, path: Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Take a picture of the page as it is on a screen of that size."""
        self.tab.emulate_media(color_scheme="dark" if dark else "light")
        self.resize(width, height)
        shot = self._devtools.send("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))

    def resize(self, width: int, height: int) -> None:
        """Show the page on a screen of that size; below 600 it is a phone's."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._devtools.send("Emulation.setDeviceMetricsOverride", size)

    def drop(self, files: Sequence[Path], *, x: int = 400, y: int = 300) -> None:
        """Drag files from outside over a place of the page and let go."""
        data = {"items": [], "files": [str(one) for one in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._devtools.send(
                "Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data}
            )

    def busy_s(self) -> float:
        """Give the seconds of a processor that the tab has spent on scripts, styles, layout and the like."""
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        found = self._devtools.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in found if one["name"] == "TaskDuration")

    def kept(self) -> tuple[int, int]:
        """Give how many nodes and how many listeners the tab holds, after what can go has gone."""
        self._devtools.send("HeapProfiler.collectGarbage")
        found = self._devtools.send("Memory.getDOMCounters")
        return found["nodes"], found["jsEventListeners"]

    def close(self) -> None:
        """Close the tab, as a person does who has finished."""
        self._context.close()


class _Driver:
    """Playwright, of which a thread can have only one: shared by the browsers that are open."""

    playwright: Playwright | None = None
    users = 0


@contextmanager
def _driver() -> Iterator[Playwright]:
    _Driver.playwright = _Driver.playwright or sync_playwright().start()
    _Driver.users += 1
    try:
        yield _Driver.playwright
    finally:
        _Driver.users -= 1
        if _Driver.users == 0:
            _Driver.playwright.stop()
            _Driver.playwright = None


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium; every `Page` on it is somebody else's."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    program = path or required_program(NAMES[0])
    with _driver() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        try:
            yield chromium
        finally:
            chromium.close()
