"""A real Chromium without a window, driven over its DevTools protocol as a person would use it.

Source: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.fakes.processes import required_program

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    "--window-size=1280,800",
)
LISTENS = "DevTools listening on "
NAVIGATED = "Inspected target navigated or closed"
MOST_WAIT_S = 30
MOST_LOADS = 5
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowUp": 38}


class PageLeft(Exception):
    """A load took the page away that an expression was running in."""


class Page:
    """One tab. `complaints` are errors and violated policies that its console has told of, `asked`
    all addresses it has asked anybody for."""

    def __init__(self, socket: ClientConnection, *, address: str) -> None:
        self._socket = socket
        self._last = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._context = self._call("Target.createBrowserContext")["browserContextId"]
        tab = self._call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = self._call("Target.attachToTarget", targetId=tab["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call("Page.navigate", url=address)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        session = {"sessionId": self._session} if self._session else {}
        self._socket.send(
            json.dumps({"id": self._last, "method": method, "params": params, **session})
        )
        while True:
            message = json.loads(self._socket.recv(timeout=MOST_WAIT_S + 5))
            self._note(message)
            if message.get("id") == self._last:
                if message.get("error", {}).get("message") == NAVIGATED:
                    raise PageLeft
                assert "error" not in message, (method, message["error"])
                return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        told = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        if message.get("method") == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(f"{told['entry']['source']}: {told['entry']['text']}")
        if message.get("method") == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])

    def run(self, expression: str) -> Any:
        """Give the value of a JavaScript expression; a promise is waited for."""
        done = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, (expression, done["exceptionDetails"])
        return done["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Give the value of a JavaScript expression as soon as it is true, also across loads."""
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
            with suppress(PageLeft):
                return self.run(poll)
        raise PageLeft

    def type(self, selector: str, words: str) -> None:
        """Write into a field."""
        self.focus(selector)
        self._call("Input.insertText", text=words)

    def focus(self, selector: str) -> None:
        """Wait for an element that can be seen and put the focus on it."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{found}?.checkVisibility()")
        self.run(f"{found}.focus()")

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self._call("Input.dispatchKeyEvent", type="keyDown", **code, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", **code)

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in the dialog of an input."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._call("DOM.setFileInputFiles", nodeId=node, files=[str(one) for one in files])

    def save_to(self, folder: Path) -> None:
        """Let downloads come into a folder."""
        behavior = {"behavior": "allow", "downloadPath": str(folder)}
        context, session = self._context, self._session
        self._session = None  # downloads belong to the browser, not to a tab
        self._call("Browser.setDownloadBehavior", browserContextId=context, **behavior)
        self._session = session

    def look(self, path: Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Take a picture of the page as it is on a screen of that size."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self.resize(width, height)
        shot = self._call("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))

    def resize(self, width: int, height: int) -> None:
        """Show the page on a screen of that size; below 600 it is a phone's."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def drop(self, files: Sequence[Path]) -> None:
        """Drag files from outside over the middle of the page and let go."""
        data = {"items": [], "files": [str(one) for one in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._call("Input.dispatchDragEvent", type=kind, x=400, y=300, data=data)


@contextmanager
def browser(folder: Path) -> Iterator[ClientConnection]:
    """Start Chromium with a profile in that folder; every `Page` on it is somebody else's."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    process = subprocess.Popen(
        [
            path or required_program(NAMES[0]),
            *OPTIONS,
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        line = next((one for one in process.stderr if LISTENS in one), "")
        assert line, "Chromium ended before it could be driven"
        with connect(line.rpartition(LISTENS)[2].strip(), max_size=None, proxy=None) as socket:
            yield socket
    finally:
        process.terminate()
        process.communicate(timeout=30)
