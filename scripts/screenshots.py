"""Takes the pictures of docs/screenshots: the real page on the real server, its model from a script.

`PYTHONPATH=. python scripts/screenshots.py [FOLDER]`, or `make screenshots`; without a folder they go
to build/screenshots. Each is taken light and dark.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from PIL import Image

from tests.fakes.browser import Page
from tests.fakes.ollama_double import Call, FakeModel, OllamaDouble, Reply
from tests.fakes.page_world import PASSWORD, PageWorld, log_in, page_world
from tests.fakes.sample_files import pdf, picture, xlsx

ROOT = Path(__file__).parents[1]
COLOURS = 96
WIDE, PHONE = (1280, 800), (390, 844)
DAY_S = 86_400
MODELS = {"llama3.2:latest": FakeModel(), "qwen3:8b": FakeModel()}
LEASE = [
    [("Heading1", "Lease"), ("BodyText", "between Fjord Estates, the landlord, and A. Lovelace, the tenant, for the flat at 12 Harbour Street, third floor."),
     ("Heading2", "1 Rent"), ("BodyText", "The rent is 900 euros a month, due on the third working day. Heating and water are settled once a year."),
     ("Heading2", "2 Deposit"), ("BodyText", "The deposit is 1,800 euros, paid in three parts. It is returned within 30 days after the keys have been handed over, less what repairs have cost.")],
    [("Heading2", "3 Term and notice"), ("BodyText", "The lease begins on 1 May and has no end. Either party may end the lease with a notice of 90 days, in writing, to the end of a month."),
     ("Heading2", "4 Repairs"), ("BodyText", "Small repairs up to 75 euros are the tenant's. Everything else is to be told to the landlord without delay."),
     ("Heading2", "5 House rules"), ("BodyText", "Quiet hours are from ten in the evening to seven in the morning. Bicycles are kept in the yard.")],
]  # fmt: skip
SALES = "city,month,sold\nOslo,May,310\nBonn,May,520\nRome,May,440\nOslo,June,350\nBonn,June,495\n"
CITED = """You can end it **with 90 days' notice**, in writing, to the end of a month [1].

| What | How much | When |
| --- | --- | --- |
| Rent | 900 € a month | third working day |
| Deposit | 1,800 € | back within 30 days [2] |

To be out by the end of August, your letter has to arrive *before the end of May*."""
PLAN = {
    "steps": [
        {"id": "s1", "purpose": "what the lease says about rent", "tool": "rag_retrieval",
         "input": {"query": "rent a month"}, "depends_on": []},
        {"id": "s2", "purpose": "the rent of a year", "tool": "math_calc",
         "input": {"expression": "12 * 900"}, "depends_on": ["s1"]},
        {"id": "s3", "purpose": "the share of an income of 36,000", "tool": "math_calc",
         "input": {"expression": "10800 / 36000 * 100"}, "depends_on": ["s2"]},
    ]
}  # fmt: skip
VERDICT = {"reasoning": "All three parts have a result.", "passed": True, "missing": []}
PLANNED = "You pay **10,800 € of rent a year** [1]. Of an income of 36,000 € that is **30 %**."
EARLIER = (
    ("A birthday poem for Grace", 1),
    ("Regular expressions for dates", 3),
    ("Sales of May by city", 5),
    ("What the sandbox may read", 12),
    ("Packing list for Lisbon", 20),
)
FREE = "document.querySelector('#send').title === 'Send'"


def main(folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data, page_world(Path(data)) as world, world.served():
        model = world.start_model(MODELS)
        page = world.open()
        page.wait("!document.querySelector('#login').hidden")
        take(page, folder / "login")
        page.focus("#username")
        log_in(page)
        live(world, page, model, Path(data))
        ask_lease(page, model)
        page.tab.click("#log .cite >> nth=0")
        page.wait("document.querySelector('#file-view .sheet img')?.naturalWidth")
        page.wait("document.querySelector('#file-view mark')")
        take(page, folder / "chat")
        page.tab.click("#files-back")
        page.wait("document.querySelectorAll('#file-list li.ready').length === 4")
        take(page, folder / "files")
        page.tab.click("#close-files")
        page.tab.mouse.move(0, 0)
        page.focus("#message")
        take(page, folder / "phone", PHONE)
        ask_plan(page, model)
        take(page, folder / "plan")
        make_key(page)
        take(page, folder / "keys")


def take(page: Page, path: Path, size: tuple[int, int] = WIDE) -> None:
    """Take one picture in both themes, with few colours so that it is small."""
    for theme in ("light", "dark"):
        shot = path.with_name(f"{path.name}-{theme}.png")
        width, height = size
        page.look(shot, width=width, height=height, dark=theme == "dark")
        settle(page)
        page.look(shot, width=width, height=height, dark=theme == "dark")
        with Image.open(shot) as taken:
            few = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(shot, optimize=True)


def settle(page: Page) -> None:
    """Wait for what moves to stand still."""
    page.run("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")


def live(world: PageWorld, page: Page, model: OllamaDouble, folder: Path) -> None:
    """Leave conversations of some weeks, and documents."""
    with client(world) as http:
        for title, days in EARLIER:
            model.queue(Reply(content="Gladly."))
            asked = {"model": "llama3.2@chat", "messages": [{"role": "user", "content": title}]}
            made = http.post("/v1/chat/completions", json={**asked, "store": True}).json()
            age(folder, made["x_session_id"], days)
    files = {
        "invoice.png": picture("INVOICE 4711"),
        "sales.csv": SALES.encode(),
        "budget.xlsx": xlsx({"2026": [["What", "Euro"], ["Rent", 10_800], ["Food", 4_200]]}),
        "lease.pdf": pdf(LEASE, title="Lease"),
    }
    for count, (name, content) in enumerate(files.items(), start=1):
        path = folder / name
        path.write_bytes(content)
        page.choose("#picker", [path])
        page.wait(f"document.querySelectorAll('#file-list li.ready').length === {count}")
    page.run("document.querySelector('#close-files').click()")


@contextmanager
def client(world: PageWorld) -> Iterator[httpx.Client]:
    """Speak to the server as the administrator."""
    with httpx.Client(base_url=world.address, trust_env=False, timeout=60) as http:
        body = {"username": "admin", "password": PASSWORD}
        token = http.post("/api/auth/login", json=body).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        yield http


def age(folder: Path, conversation_id: str, days: int) -> None:
    """Make a conversation as old as that."""
    path = next(one for one in folder.rglob("*.db") if "steward" in one.name)
    at_ms = int((time.time() - days * DAY_S) * 1000)
    with closing(sqlite3.connect(path, timeout=20)) as db, db:
        change = "UPDATE conversations SET updated_at_ms = ? WHERE id = ?"
        db.execute(change, (at_ms, conversation_id))


def searched(queries: Sequence[str], answer: str) -> Callable[[dict[str, Any]], Reply]:
    """Play a model that searches the documents for these, then answers."""
    calls = [Call(name="rag_retrieval", arguments={"query": one}) for one in queries]

    def reply(body: dict[str, Any]) -> Reply:
        done = sum(one["role"] == "tool" for one in body["messages"])
        return Reply(content=answer) if done else Reply(calls=calls)

    return reply


def ask(page: Page, mode: str, question: str) -> None:
    """Put a question, and wait for the whole answer."""
    page.tab.select_option("#mode", mode)
    before = page.run("document.querySelectorAll('.answer .message-bar > *').length")
    page.type("#message", question)
    page.press("Enter")
    bars = "document.querySelectorAll('.answer .message-bar > *').length"
    page.wait(f"{bars} > {before} && {FREE}")


def ask_lease(page: Page, model: OllamaDouble) -> None:
    """Ask about the lease."""
    page.wait("document.querySelector('#model [value=\"llama3.2:latest\"]')")
    page.tab.select_option("#model", "llama3.2:latest")
    model.script(searched(["notice to end the lease", "deposit"], CITED))
    ask(page, "react", "How do I end my lease, and when is the deposit returned?")


def ask_plan(page: Page, model: OllamaDouble) -> None:
    """Ask for something in parts, and open the work."""
    page.resize(*WIDE)
    page.tab.click("#new-chat")
    page.wait("!document.querySelector('#log article')")
    for said in (json.dumps(PLAN), json.dumps(VERDICT), PLANNED):
        model.queue(Reply(content=said))
    ask(page, "plan", "What rent do I pay in a year, and which share of 36,000 € is that?")
    page.tab.click(".trace > summary")
    page.wait("document.querySelectorAll('.tool').length === 3")
    page.run("document.querySelector('#scroller').scrollTop = 0")


def make_key(page: Page) -> None:
    """Make a key, which is shown this once."""
    page.tab.click("#who")
    page.tab.click("[role=tab]:has-text('API keys')")
    page.type("[name=name]", "laptop")
    page.press("Enter")
    page.wait("document.querySelector('.made-key code')")
    page.run("document.querySelector('.made-key').scrollIntoView()")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "screenshots")
