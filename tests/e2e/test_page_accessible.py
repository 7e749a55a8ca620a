"""The page before axe-core in a real browser on the real server: every state, both themes, two widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.accessible import PHONE, WIDE, assert_accessible
from tests.fakes.browser import Page
from tests.fakes.ollama_double import Call, Reply
from tests.fakes.page_server import event, page_server
from tests.fakes.page_world import PageWorld, log_in, page_world
from tests.fakes.sample_files import pdf_of_lines, picture

NOTICE = "Either party may end the lease with a notice of 90 days."
RICH = """# Title

Some *words* with `code`, a [link](https://seen.example/a) and https://lost.example/b.

## Table

| City | People |
|:-----|-------:|
| Oslo | 709,000 |

### Tasks

- [x] done
- [ ] open
  - deeper

1. first
2. second

> quoted

```python
def greet(name: str) -> str:  # says hello
    return f"Hello {name}" + str(4711)
```

```diff
- gone
+ there
```

Inline $a^2 + b^2$ and

$$\\int_0^1 x^2 \\, dx = \\frac{1}{3}$$

---
"""
SUM = Call(name="math_calc", arguments={"expression": "6*7"})
BAD = Call(name="wikipedia", arguments={"action": "search"})
DRAW = Call(
    name="data_analysis",
    arguments={"data": "city,n\nOslo,3\nBonn,5", "chart": "bar", "x": "city", "y": ["n"]},
)
STEPS = [{"id": f"s{at}", "purpose": f"Step {at}", "tool": "wikipedia"} for at in range(4)]
PLANNED = [
    event("route", "plan", route="plan", reason="It takes several steps.", confidence=0.7),
    {"kind": "reasoning", "type": "", "text": "I should look it up."},
    event("plan", "plan", round=1, steps=STEPS),
    *[
        event("step", "", id=f"s{at}", state=state)
        for at, state in enumerate(("ok", "failed", "running"))
    ],
    event("tool_call", "call", call_id="call_1", tool="wikipedia", arguments={"query": "Ada"}),
    event(
        "tool_result", "no", call_id="call_1", outcome="timeout", duration_ms=9000, text="too slow"
    ),
    event("tool_call", "call", call_id="call_2", tool="weather", arguments={"place": "Lisbon"}),
]
FOOTS = "[...document.querySelectorAll('.answer-foot')]"
ROWS = "document.querySelectorAll('#file-list li')"
TABS = (
    "account", "keys", "usage", "tools", "users", "credentials", "server", "performance", "logs",
)  # fmt: skip


def works(body: dict[str, Any]) -> Reply:
    """Play a model that draws, errs, calculates, and then answers."""
    done = sum(message["role"] == "tool" for message in body["messages"])
    calls = ([DRAW], [BAD], [SUM])
    return Reply(calls=calls[done]) if done < len(calls) else Reply(content=RICH)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server that asks before it calculates, with a model."""
    with page_world(tmp_path_factory.mktemp("accessible")) as world:
        world.start_model()
        rules = {"APPROVALS__RULES": "math_calc=ask", "DOCUMENTS__MAX_FILE_BYTES": "50000"}
        with world.served(AUTH__LOGIN_FAILURES_PER_ADDRESS="1000", **rules):
            yield world


@pytest.fixture
def page(world: PageWorld) -> Iterator[Page]:
    """Give a page an administrator has logged in to."""
    assert world.model
    world.model.reset()
    page = world.open()
    log_in(page)
    page.wait("document.querySelector('.examples li')")
    yield page
    page.close()


def put(page: Page, question: str, mode: str = "chat") -> None:
    """Put a question in a mode."""
    page.tab.select_option("#mode", mode)
    page.type("#message", question)
    page.press("Enter")


def ended(page: Page, answers: int = 1) -> None:
    """Wait until that many answers are complete."""
    page.wait(f"{FOOTS}.filter((one) => one.hasChildNodes()).length === {answers}")


def press(page: Page, selector: str) -> None:
    page.focus(selector)
    page.press("Enter")


def add(page: Page, folder: Path, **files: bytes) -> None:
    """Choose files; `a_txt` is "a.txt"."""
    paths = [folder / name.replace("_", ".") for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        path.write_bytes(content)
    page.choose("#picker", paths)


def test_the_log_in_also_when_it_was_refused(world: PageWorld) -> None:
    """With a password that can be read, and a reason."""
    page = world.open()
    page.wait("document.querySelector('#reveal').ariaLabel")
    assert_accessible(page, "log-in")
    page.type("#username", "admin")
    page.type("#password", "not this one")
    press(page, "#reveal")
    press(page, "#login-button")
    page.wait("document.querySelector('#login-note').textContent")
    assert_accessible(page, "refused log-in")


def test_a_new_chat_with_a_model_and_without(world: PageWorld, page: Page) -> None:
    """With examples, with a draft, and with the commands that bring a model."""
    assert_accessible(page, "new chat")
    page.type("#message", "a draft")
    assert_accessible(page, "draft")
    world.stop_model()
    try:
        other = world.open()
        log_in(other)
        other.wait("document.querySelector('.no-server code')?.checkVisibility()")
        assert_accessible(other, "no model")
    finally:
        world.start_model()


def look_at_the_list(page: Page) -> None:
    """Open the menu of the only conversation, rename it, search for it, delete it."""
    press(page, "#conversations .icon-button")
    page.wait("document.querySelector('[role=menu]:popover-open')")
    assert_accessible(page, "menu", WIDE)
    page.press("Enter")
    page.wait("document.querySelector('#conversations input')")
    assert_accessible(page, "renaming", WIDE)
    page.press("Escape")
    page.type("#search", "Show")
    page.wait("document.querySelector('#conversations mark')")
    assert_accessible(page, "search for conversations", WIDE)
    press(page, "#conversations .icon-button")
    page.press("End")
    page.press("Enter")
    page.wait("document.querySelector('.toast')")
    assert_accessible(page, "toast")


def test_a_conversation_with_all_that_answers_hold(world: PageWorld, page: Page) -> None:
    """Tables, code, formulas, tasks, links; the question written anew, versions, how it was made."""
    assert world.model
    world.model.queue(Reply(content=RICH), Reply(content="Other words."), Reply(content="Third."))
    put(page, "Show me everything, as on seen.example")
    ended(page)
    page.wait("document.querySelector('math') && document.querySelector('.hljs-keyword')")
    assert_accessible(page, "rich answer")
    press(page, ".answer [aria-label='How this answer was made']")
    page.wait("document.querySelector('.run-info dl')")
    assert_accessible(page, "run info")
    page.press("Escape")
    press(page, ".question [aria-label='Edit']")
    assert_accessible(page, "editor")
    page.press("Enter")
    page.wait("document.querySelector('.question .versions')")
    ended(page)
    press(page, ".answer [aria-label='Answer again']")
    page.wait("document.querySelector('.answer .versions')")
    assert_accessible(page, "versions")
    look_at_the_list(page)


def test_work_as_it_is_done_and_when_it_asks(world: PageWorld, page: Page) -> None:
    """A picture a tool drew, a call that failed, one that waits to be allowed, words as they come."""
    assert world.model
    world.model.script(works)
    put(page, "Draw it and calculate", "react")
    page.wait("document.querySelector('.approval')")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait("document.querySelector('.tool[data-state=ok] img, .tool[data-state=failed]')")
    assert_accessible(page, "approval and trace")
    press(page, ".approval .primary")
    page.wait("document.querySelector('math') && document.querySelector('.answer .message-bar')")
    assert_accessible(page, "decided")
    world.model.reset()
    world.model.queue(Reply(count=4000, tokens_per_second=20))
    put(page, "Talk on and on")
    page.wait("[...document.querySelectorAll('.answer-text')].at(-1).textContent.length > 30")
    assert_accessible(page, "streaming")
    press(page, "#send")
    page.wait("document.querySelector('.end-note')")
    assert_accessible(page, "stopped")


def test_a_plan_with_steps_in_every_state(world: PageWorld) -> None:
    """While the last of them is being done, and a tool is at work."""
    with page_server() as (double, address):
        double.scripts["Plan it"] = PLANNED
        double.decided.clear()
        page = world.open(address=address)
        log_in(page)
        put(page, "Plan it", "plan")
        page.wait("document.querySelectorAll('.plan li').length === 4")
        page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert_accessible(page, "plan")
        double.decided.set()
        page.close()


def test_documents_and_what_is_in_them(world: PageWorld, page: Page, tmp_path: Path) -> None:
    """Empty, ready, failed, refused; searched; a page with its picture and the cited passage."""
    press(page, "#open-files")
    page.wait("document.querySelector('#files-note').textContent")
    assert_accessible(page, "no documents")
    lease = pdf_of_lines([["The rent is 900 euros."], [NOTICE], ["Signed."]])
    add(page, tmp_path, lease_pdf=lease, shot_png=picture("INVOICE 4711"), bad_pdf=b"%PDF-1.7\nno")
    page.wait(f"{ROWS}.length === 3 && document.querySelectorAll('#file-list .ready').length === 2")
    add(page, tmp_path, large_txt=b"words " * 10_000)
    page.wait("document.querySelector('#uploads .failed')")
    assert_accessible(page, "documents")
    press(page, "#file-list .ready .icon-button:last-child")
    page.wait("document.querySelector('dialog[open]')")
    assert_accessible(page, "confirmation")
    page.press("Escape")
    page.type("#file-search", "notice")
    page.press("Enter")
    page.wait(f"{ROWS}[0]?.innerText.includes('90 days')")
    assert_accessible(page, "passages")
    press(page, "#file-list button")
    page.wait("document.querySelector('#file-view .sheet img')?.naturalWidth")
    page.wait("document.querySelector('#file-view mark')")
    assert_accessible(page, "passage")
    press(page, "#file-view .sheet")
    page.wait("document.querySelector('dialog.enlarged')")
    assert_accessible(page, "enlarged page")
    page.press("Escape")
    press(page, "#close-files")


def test_files_of_questions_and_cited_answers(page: Page, tmp_path: Path) -> None:
    """Chips before and after they are sent, a picture, markers, the card of a source, sources."""
    page.tab.select_option("#model", "builtin")
    press(page, "#attach")
    add(page, tmp_path, rules_txt=b"Bees must not be fed in the yard.", view_png=picture("BEES 12"))
    page.wait("document.querySelectorAll('.composer .attached progress[hidden]').length === 2")
    add(page, tmp_path, empty_txt=b"")
    page.wait("document.querySelector('.composer .failed')")
    assert_accessible(page, "attached")
    press(page, ".composer .failed button:last-child")
    put(page, "May bees be fed?", "auto")
    ended(page)
    page.focus("#log a.cite")
    page.wait("document.querySelector('#source-card:popover-open')")
    assert_accessible(page, "cited answer")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_the_settings(page: Page, tab: str) -> None:
    """With what is refused in it, and what it asks in a dialog."""
    page.run(f"void (location.hash = '#/settings/{tab}')")
    page.wait(f"document.querySelector('#tab-{tab}[aria-selected=true]')")
    page.wait("document.querySelector('.settings-tab').childElementCount > 0")
    assert_accessible(page, tab)
    if tab == "keys":
        page.type(".settings [name=name]", "a program")
        page.press("Enter")
        page.wait("document.querySelector('.made-key')")
        assert_accessible(page, "made key")
    if tab == "account":
        for name in ("old_password", "new_password", "again"):
            page.type(f".settings [name={name}]", f"a {name}")
        page.press("Enter")
        page.wait("document.querySelector('.settings .failed')")
        assert_accessible(page, "refused password")
    if tab == "users":
        page.type(".settings form input", "grace")
        page.press("Enter")
        page.wait("document.querySelector('[aria-label=\"New password: grace\"]')")
        assert_accessible(page, "users")
        press(page, '[aria-label="New password: grace"]')
        page.wait("document.querySelector('dialog:not(.settings) input')")
        assert_accessible(page, "question in a dialog")


def test_the_drawer_of_a_phone(page: Page) -> None:
    """Open over the conversation, with a banner in it."""
    page.run("void (location.hash = '#/c/conv_nowhere')")
    page.wait("document.querySelector('#banner').innerText")
    assert_accessible(page, "banner")
    page.resize(*PHONE)
    press(page, "#open-menu")
    page.wait("document.querySelector('.sidebar.open')")
    assert_accessible(page, "drawer", PHONE)
