"""Whole ways through the page in a real browser, on the real server with a scripted model.

Where each way is proved:

| What one does | File of tests/e2e |
|---|---|
| log in and out, in all tabs, wrong password, out while the server is away | test_page_first_run |
| no model yet, one that comes and goes | test_page_first_run |
| ask in each mode, see the way and why, watch the work | here |
| approve, deny, by a link, while another question is put | test_page_tools_live |
| charts, tables, links and pictures of tools | test_page_tools_live, test_page_tools |
| add a PDF, ask, open the citation at its mark | test_page_documents, test_page_citations; on a phone here |
| attach a file to a chat and ask it alone | test_page_files |
| stop; reload and stop | test_page_breaks |
| reload and open elsewhere while it streams, nothing lost or twice | here |
| the log-in ends while one writes | test_page_first_run |
| the log-in or only its token ends while an answer streams | here |
| the server is stopped, killed, stays away, comes back; go on with an answer, its work from before | test_page_breaks |
| wait for the model, a budget used up, disabled or cut off in the middle of an answer | test_page_limits |
| edit, answer again, switch versions | test_page_versions_live, test_page_messages |
| conversations: search, rename, delete, undo, export, links | test_page_conversations |
| API keys with programs that run, password, usage, language | test_page_settings |
| users, health, tools of the server; its log and performance | test_page_admin, test_page_inside |
| Markdown, code, formulas, hostile texts, without libraries | test_page_markdown |
| a thousand messages, what stays when one leaves | test_page_long |
| parts that come late or cannot come; impatient clicks, broken answers | test_page_parts, test_page_bad_moments |
| another language, from the first paint | test_page_languages |
| what one wrote is kept, copies, paper, writing from the right, another tab | test_page_kept |
| what is refused after one has left, an edit through a reload, an approval decided in another tab | test_page_left |
| axe in every state, keyboard alone, what is told, motion and zoom | test_page_accessible, test_page_keyboard, test_page_told, test_page_senses |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route

from backend.auth.tokens import TokenSigner
from backend.kit.clocks import SteppedClock
from backend.ports.stores import User
from tests.fakes.browser import Page
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.page_world import PASSWORD, PageWorld, log_in, page_world
from tests.fakes.sample_files import pdf_of_lines

ANSWERS = "[...document.querySelectorAll('.answer-text')].map((one) => one.textContent)"
SAID = f"{ANSWERS}.at(-1)"
FREE = "document.querySelector('#send').title === 'Send'"
LOGIN_SHOWN = "!document.querySelector('#login').hidden"
LOGIN_NOTE = "document.querySelector('#login-note').textContent"
DRAFT = "document.querySelector('#message').value"
TRACE = "document.querySelector('.answer:last-of-type .trace')"
INFO = "[...document.querySelectorAll('.run-info dt, .run-info dd')].map((one) => one.innerText)"
SUM = Call(name="math_calc", arguments={"expression": "12*(3+4)"})
BAD_SUM = Call(name="math_calc", arguments={"expression": "1/0"})
SEARCH = Call(name="rag_retrieval", arguments={"query": "notice of the lease"})
NOTICE = "Either party may end the lease with a notice of 90 days."
WORDS = 240
WIDTH = 360
SECRET = "a secret of some length that signs the tokens"
LONG_AGO_MS = 1_000_000_000_000


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    """Run a server and its model for all tests that leave them running."""
    with page_world(tmp_path_factory.mktemp("flows")) as world, world.served(SECRET_KEY=SECRET):
        world.start_model()
        yield world


@pytest.fixture
def model(kept: PageWorld) -> OllamaDouble:
    """Give the model without anything queued."""
    assert kept.model is not None
    kept.model.reset()
    return kept.model


@pytest.fixture
def page(kept: PageWorld, model: OllamaDouble) -> Iterator[Page]:
    """Give a page of an administrator's; complaints of its console fail the test, but for ended log-ins."""
    page = kept.open()
    log_in(page)
    yield page
    assert [one for one in page.complaints if "401" not in one] == []


def choose(page: Page, selector: str, value: str) -> None:
    page.wait(f"document.querySelector('{selector} [value=\"{value}\"]')")
    page.tab.select_option(selector, value)


def put(page: Page, question: str) -> None:
    page.type("#message", question)
    page.press("Enter")


def streamed(model: OllamaDouble) -> None:
    """Let the next answer take some seconds."""
    model.queue(Reply(count=WORDS, tokens_per_second=60))


def whole(page: Page) -> None:
    """Wait for the end of such an answer, and see that it is there once, word for word."""
    page.wait(f"{FREE} && {SAID}?.trim().split(' ').length >= {WORDS}")
    assert page.run(f"{ANSWERS}.map((one) => one.trim())") == [" ".join(["word"] * WORDS)]


def told(page: Page) -> list[str]:
    """Open what tells how the last answer was made, and give it, names and values in turn."""
    page.focus(".answer:last-of-type [aria-label='How this answer was made']")
    page.press("Enter")
    found = page.wait(f"{INFO}?.length && {INFO}")
    page.press("Escape")
    return found


def opened_work(page: Page) -> str:
    """Open the work behind the last answer with every call in it, and give its words."""
    page.focus(".answer:last-of-type .trace > summary")
    page.press("Enter")
    page.wait(f"{TRACE}.querySelector('.trace-note')")
    page.run(f"{TRACE}.querySelectorAll('.tool > summary').forEach((one) => one.click())")
    return page.run(f"{TRACE}.innerText")


def planned(*steps: tuple[str, str, str]) -> Reply:
    """Plan sums, each after the one before it, by id, purpose and expression."""
    ids = [one[0] for one in steps]
    made = [
        {
            "id": step,
            "purpose": purpose,
            "tool": "math_calc",
            "input": {"expression": expression},
            "depends_on": ids[max(at - 1, 0) : at],
        }
        for at, (step, purpose, expression) in enumerate(steps or [("s1", "a sum", "1+1")])
    ]
    return Reply(content=json.dumps({"steps": made}))


def judged(*missing: str) -> Reply:
    """Find that all is there but this."""
    return Reply(content=json.dumps({"passed": not missing, "missing": missing}))


def finds(body: dict[str, Any]) -> Reply:
    """Search the documents once, then answer from what was found."""
    seen = any(message["role"] == "tool" for message in body["messages"])
    return Reply(content="A notice of 90 days [1].") if seen else Reply(calls=[SEARCH])


@contextmanager
def client(world: PageWorld) -> Iterator[httpx.Client]:
    """Be the administrator in another program."""
    with httpx.Client(base_url=world.address, trust_env=False, timeout=60) as http:
        body = {"username": "admin", "password": PASSWORD}
        token = http.post("/api/auth/login", json=body).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        yield http


def expire(world: PageWorld, page: Page) -> None:
    """Let the token that the page has be one of long ago, signed by the server, from now on."""
    with client(world) as http:
        user = User(id=http.get("/api/auth/me").json()["id"], username="admin", password_hash="")
    ended = TokenSigner(SECRET, 60, SteppedClock(start_ms=LONG_AGO_MS)).issue(user)
    held: set[str] = set()

    def passed_on(route: Route) -> None:
        headers = route.request.headers
        token = headers.get("authorization", "")
        if token and not held:
            held.add(token)
        changed = {"authorization": f"Bearer {ended}"} if token in held else {}
        route.continue_(headers={**headers, **changed})

    page.tab.route("**/*", passed_on)


def add_on_phone(page: Page, path: Path) -> None:
    """Add a document in the panel, which covers the chat there."""
    page.tab.click("#open-files")
    with page.tab.expect_file_chooser() as asked:
        page.tab.click("#add-files")
    asked.value.set_files(path)
    page.wait("document.querySelector('#file-list li.ready')")
    fits(page, "#file-list li", "#file-search", "#close-files")
    page.tab.click("#close-files")


def fits(page: Page, *selectors: str) -> None:
    """See that these are there and within the screen, and that nothing else makes it scroll sideways."""
    assert page.run("document.documentElement.scrollWidth") <= WIDTH
    for one in selectors:
        box = f"document.querySelector({one!r}).getBoundingClientRect()"
        page.wait(f"{box}.width > 0 && {box}.left >= 0 && {box}.right <= {WIDTH}")


@pytest.mark.parametrize(
    ("mode", "question", "way", "why"),
    [
        ("auto", "Hello there", "Answered directly", "small talk · "),
        ("auto", "What is 12*(3+4)?", "Worked step by step", "it holds a sum to work out · "),
        ("chat", "What is 12*(3+4)?", "Answered directly", "this mode was asked for"),
        ("react", "Hello there", "Worked step by step", "this mode was asked for"),
        ("plan", "Hello there", "Planned and carried out", "this mode was asked for"),
    ],
)
def test_each_mode_says_which_way_was_taken_and_why(
    page: Page, model: OllamaDouble, mode: str, question: str, way: str, why: str
) -> None:
    """In the line above the answer, in the work behind it, and in what tells how it was made."""
    if mode == "plan":
        model.queue(planned(), judged())
    model.queue(Reply(content="So it is."))
    choose(page, "#mode", mode)
    put(page, question)
    page.wait(f"{SAID} === 'So it is.' && {FREE}")
    assert page.run(f"{TRACE}.querySelector('.trace-label').textContent") == way
    found = told(page)
    assert found[:5] == ["How", way, "Why", found[3], "Model"]
    assert found[3].startswith(why)
    assert found[3] in opened_work(page)


def test_the_work_of_a_plan_is_watched_step_by_step(page: Page, model: OllamaDouble) -> None:
    """Steps tick off one by one, a failed one says why, a second round mends it; also after a reload."""
    model.queue(
        planned(("s1", "the product", "12*7"), ("s2", "the share", "1/0")),
        judged("the share"),
        planned(("t1", "the share again", "1/4")),
        judged(),
        Reply(content="84, and a quarter."),
    )
    choose(page, "#mode", "plan")
    page.run("""void (window.seen = [], new MutationObserver((all) => all.forEach(({ target }) =>
        target.localName === 'li' && seen.push(`${target.innerText} ${target.dataset.state}`)))
        .observe(document.body, { attributeFilter: ['data-state'], subtree: true }))""")
    put(page, "What is 12*7, and what share is that?")
    page.wait(f"{SAID} === '84, and a quarter.' && {FREE}")
    steps = [one.rpartition("\n")[2] for one in page.run("window.seen")]
    assert steps == [
        *("the product math_calc running", "the product math_calc ok"),
        *("the share math_calc running", "the share math_calc failed"),
        *("the share again math_calc running", "the share again math_calc ok"),
    ]
    for _ in range(2):
        work = opened_work(page)
        for words in ("Plan, round 2", "expression: 1/0", "division by zero", "12 * 7 = 84"):
            assert words in work
        assert "Checked, still missing: the share" in work
        assert "Checked: nothing is missing." in work
        tools = page.run(
            f"[...{TRACE}.querySelectorAll('.tool > summary')].map((one) => one.innerText)"
        )
        assert [one.split("\n")[0] for one in tools] == ["math_calc"] * 3
        assert ["failed · " in one for one in tools] == [False, True, False]
        page.reload()


def test_thoughts_and_a_call_that_fails_are_seen_while_the_answer_is_made(
    page: Page, model: OllamaDouble
) -> None:
    """The work is open as long as there is nothing else to see, and closes when the answer begins."""
    model.queue(
        Reply(thinking="I divide first.", calls=[BAD_SUM]),
        Reply(calls=[SUM]),
        Reply(count=WORDS, tokens_per_second=60),
    )
    choose(page, "#model", "qwen3:8b")
    choose(page, "#mode", "react")
    page.run(f"""void (window.seen = '', new MutationObserver(() => {{
        if ({TRACE}?.open) seen = {TRACE}.innerText;
    }}).observe(document.body, {{ childList: true, subtree: true }}))""")
    put(page, "What is 12*(3+4)?")
    page.wait(f"{SAID}?.length > 20")
    assert not page.run(f"{TRACE}.open")
    assert "I divide first." in page.run("window.seen")
    assert "expression: 12*(3+4)" in page.run("window.seen")
    whole(page)
    work = opened_work(page)
    assert work.index("I divide first.") < work.index("1/0") < work.index("12 * (3 + 4) = 84")
    assert "division by zero" in work


def test_nothing_is_lost_or_there_twice_however_often_a_stream_is_joined(
    kept: PageWorld, page: Page, model: OllamaDouble
) -> None:
    """Reloaded twice, opened elsewhere, left and come back to, while it goes on."""
    streamed(model)
    choose(page, "#mode", "chat")
    put(page, "Tell me much")
    page.wait(f"{SAID}?.length > 40")
    place = page.run("location.hash")
    other = kept.open(f"/{place}")
    log_in(other)
    for length in (80, 120):
        page.reload()
        page.wait(f"{SAID}?.length > {length}")
    page.run("location.hash = '#/'")
    page.wait(f"{ANSWERS}.length === 0 && !document.querySelector('#welcome').hidden")
    page.run(f"location.hash = {place!r}")
    page.wait(f"{SAID}?.length > 160")
    for one in (page, other):
        whole(one)
    page.reload()
    whole(page)
    assert len(model.chats) == 1


def test_a_token_that_ends_while_an_answer_streams_is_renewed_unnoticed(
    kept: PageWorld, page: Page, model: OllamaDouble
) -> None:
    """The server refuses it from then on; what is being written stays where it is."""
    streamed(model)
    choose(page, "#mode", "chat")
    put(page, "Tell me much")
    page.wait(f"{SAID}?.length > 40")
    expire(kept, page)
    page.type("#message", "and then")
    whole(page)
    assert page.run(DRAFT) == "and then"
    page.wait(
        "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/refresh'))"
    )
    model.queue(Reply(content="And so on."))
    page.press("Enter")
    page.wait(f"{SAID} === 'And so on.' && {FREE}")
    assert not page.run(LOGIN_SHOWN)


@pytest.mark.parametrize("reloaded", [False, True])
def test_a_session_that_ends_while_an_answer_streams_asks_for_a_log_in_and_goes_on(
    kept: PageWorld, page: Page, model: OllamaDouble, *, reloaded: bool
) -> None:
    """The answer is given all the same, and the draft is there when one is back."""
    streamed(model)
    choose(page, "#mode", "chat")
    put(page, "Tell me much")
    page.wait(f"{SAID}?.length > 40")
    page.type("#message", "half a thought")
    with client(kept) as http:
        assert http.delete("/api/auth/sessions").status_code == 204
    if reloaded:
        page.reload("document.querySelector('#login')")
    page.wait(LOGIN_SHOWN)
    assert reloaded or "your draft is kept" in page.run(LOGIN_NOTE)
    log_in(page)
    whole(page)
    assert page.run(DRAFT) == "half a thought"
    assert len(model.chats) == 1


def test_on_a_phone_one_gets_from_the_log_in_to_the_cited_page_and_back(
    kept: PageWorld, model: OllamaDouble, tmp_path: Path
) -> None:
    """Nothing is wider than the screen on the way; the work of the answer and the list, too."""
    lease = tmp_path / "lease.pdf"
    lease.write_bytes(pdf_of_lines([["The rent is 900 euros a month."], [NOTICE]]))
    model.script(finds)
    page = kept.open()
    page.resize(WIDTH, 740)
    fits(page, "#login-button")
    log_in(page)
    add_on_phone(page, lease)
    fits(page, "#send", "#model", "#mode", "#attach")
    put(page, "What notice do my documents ask for?")
    page.wait(f"{SAID}?.startsWith('A notice of 90 days') && {FREE}")
    opened_work(page)
    fits(page, ".answer .message-bar", ".trace")
    page.tab.click("#log .cite")
    page.wait("document.querySelector('#file-view mark')?.textContent.includes('90 days')")
    page.wait("document.querySelector('#file-view .sheet img').naturalWidth")
    fits(page, "#file-view .sheet", "#close-files")
    page.tab.click("#close-files")
    page.tab.click("#open-menu")
    page.wait("document.querySelector('#conversations [aria-current]')?.checkVisibility()")
    fits(page, "#new-chat", "#logout")
    page.tab.click("#new-chat")
    page.wait("!document.querySelector('#welcome').hidden")
    fits(page, "#send")
    assert page.complaints == []
