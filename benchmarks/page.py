"""What the web page costs in a real Chromium: first paint, long conversations, long answers.

The real server with a double of Ollama; the browser keeps its own time (Performance API, animation
frames). Frame rates are counted in windows of half a second: the lowest one binds, as one freeze is
what people notice. They depend on what else the machine does; how long the page computes does not, as
that is counted in seconds of a processor. Chromium runs without a GPU: every pixel is drawn by the CPU.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import brotli  # noqa: E402 - the path comes first

from backend.kit.page_files import without_comments  # noqa: E402
from benchmarks.processes import Server, free_port, serve  # noqa: E402
from tests.fakes.browser import Page, browser  # noqa: E402

PASSWORD = "benchmark-password"
VISITS = 15
MESSAGES = 1000
OPENED = 10
TOKENS = 10_000
OWN = (".css", ".js")
# Counts frames; the first look at a window is its beginning.
COUNT_FRAMES = """
window.frames_ms = [];
window.counting = true;
(function tick(now_ms) { frames_ms.push(now_ms); if (counting) requestAnimationFrame(tick); })(performance.now());
"""
PART = """## Part {n}: what the surveyors wrote

The bridge was measured in *May*, when the water was **{n} cm** above its mean, and `gauge_{n}` stood still for a while;
see also the table below. Nobody had expected that the northern pier would move, yet it did, by a little.

* the northern pier moved by {n} mm
* the southern one stood still
  * except after rain
* the deck was dry

| pier | moved | seen by |
|---|---|---|
| north | {n} mm | Ada |
| south | 0 mm | Grace |

```python
def moved(pier: str) -> int:
    # what the gauge said
    return {{"north": {n}, "south": 0}}[pier]
```

"""
HUGE = {
    "one paragraph": ("", "the pier moved a little and then it stood still again. "),
    "one list": ("", "* the pier moved a little, as **seen** by Ada\n"),
    "one list within an item": (
        "* what was seen\n",
        "  * the pier moved a little, as **seen** by Ada\n",
    ),
    "one quotation": ("", "> the pier moved a little, as **seen** by Ada\n"),
    "one table": ("| pier | moved |\n|---|---|\n", "| north and south | 12 mm in `May` |\n"),
    "one code block": ("```python\n", "moved = pier.measure(when='May', by='Ada')  # in mm\n"),
}


def tell(figures: str) -> None:
    """Print a line of the report."""
    sys.stdout.write(f"* {figures}\n")


def words_of(text: str) -> list[str]:
    """Cut a text into tokens of about four characters, which join up to it again."""
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def long_answer(tokens: int) -> str:
    """Write Markdown of every kind."""
    parts, chars = [], 0
    while chars < 4 * tokens:
        parts.append(PART.format(n=len(parts) + 1))
        chars += len(parts[-1])
    return "".join(parts)[: 4 * tokens]


@contextmanager
def model(answer: str, *, per_second: float) -> Iterator[Server]:
    """Run a double that gives this answer at that pace, whatever it is asked."""
    reply = {"content": words_of(answer), "tokens_per_second": per_second}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as script:
        json.dump([reply], script)
        script.flush()
        port = free_port()
        command = ["-m", "tests.fakes.ollama_double", "--port", str(port), "--script", script.name]
        server = serve(command, port=port, env={}, probe="/")
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def steward(upstream: str) -> Iterator[Server]:
    """Run the server over a fresh data folder."""
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        env = {"DATA_DIR": data, "OLLAMA_HOST": upstream, "SERVER_PORT": str(port)}
        env |= {"ADMIN_PASSWORD": PASSWORD, "LOG_LEVEL": "WARNING"}
        serve(["run_backend.py"], port=port, env=env).stop()
        server = serve(["run_backend.py"], port=port, env=env)
        try:
            yield server
        finally:
            server.stop()


def call(url: str, body: Any, token: str = "") -> Any:
    """Post JSON and give the answer's."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def logged_in(chromium: Any, address: str) -> Page:
    """Open the page and log in."""
    page = Page(chromium, address=address)
    page.type("#username", "admin")
    page.type("#password", PASSWORD)
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")
    return page


def frame_rates(frames_ms: list[float]) -> tuple[float, float]:
    """Give the lowest rate of any half second and the longest time between two frames, in ms."""
    gaps = [after - before for before, after in itertools.pairwise(frames_ms)]
    rates, begin = [], 0
    for at, now in enumerate(frames_ms):
        if now - frames_ms[begin] >= 500:
            rates.append((at - begin) / (now - frames_ms[begin]) * 1000)
            begin = at
    return min(rates, default=0.0), max(gaps, default=0.0)


def first_visits(chromium: Any, address: str) -> str:
    """Measure first paints with an empty cache, and what is sent for them."""
    paints, bytes_sent, requests = [], 0, 0
    for _ in range(VISITS):
        page = Page(chromium, address=address)
        page.wait("document.querySelector('#login').checkVisibility()")
        page.wait("performance.getEntriesByName('first-contentful-paint').length > 0")
        paints.append(
            page.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
        sizes = page.run(
            "performance.getEntries().filter((one) => 'encodedBodySize' in one)"
            ".map((one) => one.encodedBodySize)"
        )
        bytes_sent, requests = sum(sizes), len(sizes)
        own = [one for one in page.asked if not one.startswith(address)]
        assert own == [], own
        page.close()
    paints.sort()
    return (
        f"first paint, {VISITS} visits with an empty cache: median {statistics.median(paints):.0f} ms, "
        f"slowest {paints[-1]:.0f} ms; {requests} requests, {bytes_sent / 1000:.1f} KB, none to another host"
    )


def own_bytes() -> str:
    """Weigh what is ours, each file packed by itself as the server does."""
    listed = subprocess.run(
        ["git", "ls-files", "frontend"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    files = [(ROOT / name).read_bytes() for name in listed if name.endswith(OWN)]
    packed = sum(len(brotli.compress(without_comments(one))) for one in files)
    return f"own JS and CSS: {len(files)} files, {packed / 1000:.1f} KB packed, {sum(map(len, files)) / 1000:.1f} KB not packed"


def stored(address: str, access: str, messages: int) -> str:
    """Make a conversation of so many messages; give its id."""
    made = str(call(f"{address}/v1/conversations", {}, access)["id"])
    for begin in range(0, messages, 20):
        items = [
            {
                "type": "message",
                "role": "assistant" if at % 2 else "user",
                "content": PART.format(n=at) if at % 2 else f"And what of part {at}?",
            }
            for at in range(begin, begin + 20)
        ]
        call(f"{address}/v1/conversations/{made}/items", {"items": items}, access)
    return made


def opened(page: Page, conversation: str, answers: int) -> tuple[float, float, float]:
    """Open a conversation; give the ms until its end is on the screen, and the busy ms until then and until all is there."""
    busy_s = page.busy_s()
    page.run("void (window.begun_ms = performance.now())")
    page.run(f"void (location.hash = '#/c/{conversation}')")
    page.wait("document.querySelector('#log article:last-child table')")
    seen_ms = page.run(
        "new Promise(requestAnimationFrame).then(() => performance.now() - begun_ms)"
    )
    until_seen_s = page.busy_s() - busy_s
    page.wait(f"document.querySelectorAll('#log .answer-text:not(:empty)').length === {answers}")
    return seen_ms, until_seen_s * 1000, (page.busy_s() - busy_s) * 1000


def long_conversation(chromium: Any, address: str, access: str) -> str:
    """Open a conversation of 1,000 messages and scroll through it from its end."""
    made = stored(address, access, MESSAGES)
    page = logged_in(chromium, address)
    seen_ms, until_seen_ms, until_there_ms = opened(page, made, MESSAGES // 2)
    page.run(COUNT_FRAMES)
    page.tab.mouse.move(700, 400)
    while page.run("document.querySelector('#scroller').scrollTop") > 0:
        page.tab.mouse.wheel(0, -3000)
        page.run("new Promise(requestAnimationFrame)")
        if page.run("performance.now() - frames_ms[0]") > 60_000:
            break
    frames_ms = page.run("(window.counting = false, frames_ms)")
    lowest, longest_ms = frame_rates(frames_ms)
    page.close()
    return (
        f"{MESSAGES} messages: the newest are seen after {seen_ms:.0f} ms, of which the page computes {until_seen_ms:.0f} ms; "
        f"all are there after {until_there_ms:.0f} ms of computing; scrolled from end to beginning in "
        f"{(frames_ms[-1] - frames_ms[0]) / 1000:.1f} s: lowest {lowest:.0f} frames/s, longest frame {longest_ms:.0f} ms"
    )


def left_conversations(chromium: Any, address: str, access: str) -> str:
    """Open conversations one after the other and count what stays of those that were left."""
    page = logged_in(chromium, address)
    kept = []
    for made in [stored(address, access, 100) for _ in range(OPENED)]:
        opened(page, made, 50)
        page.tab.wait_for_timeout(1000)  # what was left is let go when the page is idle
        kept.append(page.kept())
    page.close()
    (nodes, listeners), (last_nodes, last_listeners) = kept[0], kept[-1]
    return (
        f"{OPENED} conversations of 100 messages in turn: {nodes} nodes and {listeners} listeners "
        f"with the first one open, {last_nodes} and {last_listeners} with the last"
    )


def streamed(chromium: Any, name: str, answer: str, *, per_second: float) -> str:
    """Stream an answer into the page and count its frames."""
    with model(answer, per_second=per_second) as double, steward(double.url) as server:
        page = logged_in(chromium, server.url)
        page.run("document.querySelector('#mode').value = 'chat'")
        page.run(
            "document.querySelector('#mode').dispatchEvent(new Event('change', {bubbles: true}))"
        )
        page.type("#message", "Tell me everything")
        page.press("Enter")
        page.wait("document.querySelector('.answer-text')?.textContent.length > 10")
        page.run(COUNT_FRAMES)
        busy_s = page.busy_s()
        seconds = len(answer) / 4 / per_second
        page.tab.wait_for_timeout(seconds * 1000)
        page.wait("document.querySelector('.answer-foot')?.hasChildNodes()")
        frames_ms = page.run("(window.counting = false, frames_ms)")
        lowest, longest_ms = frame_rates(frames_ms)
        busy_s = page.busy_s() - busy_s
        page.close()
    return (
        f"{name}, {len(answer) // 4:,} tokens at {per_second:.0f}/s: lowest {lowest:.0f} frames/s, "
        f"longest frame {longest_ms:.0f} ms, scripts and layout busy {busy_s / seconds:.0%} of the time"
    )


def main() -> None:
    """Print every figure."""
    tell(own_bytes())
    with browser() as chromium:
        with model("Hello.", per_second=0) as double, steward(double.url) as server:
            tell(first_visits(chromium, server.url))
            login = {"username": "admin", "password": PASSWORD}
            access = call(f"{server.url}/api/auth/login", login)["access_token"]
            tell(long_conversation(chromium, server.url, access))
            tell(left_conversations(chromium, server.url, access))
        answer = long_answer(TOKENS)
        tell(streamed(chromium, "Markdown of every kind", answer, per_second=200))
        tell(streamed(chromium, "the same, faster", answer, per_second=1000))
        for name, (head, line) in HUGE.items():
            huge = (head + line * (4 * TOKENS // len(line)))[: 4 * TOKENS]
            tell(streamed(chromium, name, huge, per_second=1000))


if __name__ == "__main__":
    main()
