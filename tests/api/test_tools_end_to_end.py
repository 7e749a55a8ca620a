"""From an upload to a number, a table and a picture: every tool over files, called by a model, through the whole server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient

from tests.fakes.completions import CHAT, MODEL, frames_of, joined
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.processes import ROOT, required_program
from tests.fakes.sample_files import xlsx
from tests.fakes.uploads import uploaded

SESSION = "session"
SALES = (
    b"city,product,amount\nBerlin,tea,12.50\nOslo,tea,7.25\nBerlin,coffee,30.00\nOslo,coffee,18\n"
)
BRANCHES = {"Branches": [("city", "manager"), ("Berlin", "Ines"), ("Oslo", "Kari")]}
ASK: list[Any] = [{"role": "user", "content": "What did each city sell? Draw it too."}]
SUM = {"file": "sales.csv", "group_by": ["city"], "aggregates": ["sum(amount)"]}
CHART = {**SUM, "chart": "bar", "x": "city", "y": ["sum(amount)"]}
JOINED = """
SELECT manager, sum(amount) AS total FROM sales JOIN branches USING (city)
GROUP BY manager ORDER BY total DESC"""
PANDAS = """
import pandas as pd
sales = pd.read_csv("sales.csv")
sales.groupby("city").amount.sum().to_csv("totals.csv")
print("in all", sales.amount.sum())
pd.read_excel("branches.xlsx").manager.tolist()"""
ESCAPES = {
    "import socket; socket.create_connection(('127.0.0.1', 80))": "PermissionError",
    "open('/etc/shadow').read()": "No such file or directory: '/etc/shadow'",
    "open('/proc/1/environ').read()": "No such file or directory",
    "open('sales.csv', 'w').write('')": "Error (exception)",
}
LINK = re.compile(r"(!?)\[([^\]]+)\]\(http://[^/]+(/api/artifacts/[^)]+)\)")
PNG = b"\x89PNG\r\n\x1a\n"
pytestmark = pytest.mark.asyncio(loop_scope=SESSION)


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def working(
    doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve with full Python, one rule that asks, and two files."""
    required_program("bwrap")
    if not (ROOT / ".sandbox" / "site").is_dir():
        pytest.skip("make sandbox has not run")
    folder = tmp_path_factory.mktemp("working")
    rules = '["math_calc=ask"]'
    async with live_server(folder, **doubles.environ(), APPROVALS__RULES=rules) as live:
        live.token = await live.log_in()
        async with live.http(live.token) as http:
            await uploaded(http, "sales.csv", SALES)
            await uploaded(http, "branches.xlsx", xlsx(BRANCHES))
            await tried()
        yield live


@pytest_asyncio.fixture(loop_scope=SESSION)
async def owner(working: LiveServer) -> AsyncIterator[AsyncClient]:
    """Speak as the one whose files they are."""
    async with working.http(working.token) as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def browser(working: LiveServer) -> AsyncIterator[AsyncClient]:
    """Speak as nobody, as a browser that opens a link does."""
    async with working.http() as client:
        yield client


async def tried() -> None:
    """Wait until the tools that try themselves first have done so."""
    trying = [one for one in asyncio.all_tasks() if "settle_tools" in repr(one.get_coro())]
    if trying:
        await asyncio.wait(trying)


def plays(ollama: OllamaDouble, *calls: Call) -> None:
    """Play a model that makes one call after the other, and then is done."""

    def script(body: dict[str, Any]) -> Reply:
        told = [one["content"] for one in body["messages"] if one["role"] == "tool"]
        return Reply(calls=[calls[len(told)]]) if len(told) < len(calls) else Reply(content="Done.")

    ollama.script(script)


async def answered(http: AsyncClient, ollama: OllamaDouble, *calls: Call) -> Any:
    """Ask a model that makes these calls, and give the whole answer."""
    plays(ollama, *calls)
    answer = await http.post(CHAT, json={"model": f"{MODEL}@react", "messages": ASK})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def results(http: AsyncClient, answer: Any) -> list[Any]:
    """Give what the trace of an answer's run says of each call."""
    run = (await http.get(f"/api/runs/{answer['x_agent']['run_id']}")).json()
    return [one["data"] for one in run["trace"]["events"] if one.get("type") == "tool_result"]


def last_told(ollama: OllamaDouble) -> str:
    """Give the last result that the model read."""
    told = [one["content"] for one in ollama.chats[-1].body["messages"] if one["role"] == "tool"]
    return str(told[-1])


async def test_a_grouped_sum_and_a_chart_come_as_table_number_and_picture(
    owner: AsyncClient, browser: AsyncClient, ollama: OllamaDouble
) -> None:
    """The numbers reach the model and the client, the picture opens by its link for who has no token."""
    answer = await answered(
        owner,
        ollama,
        Call(name="data_analysis", arguments=SUM),
        Call(name="data_analysis", arguments=CHART),
    )
    read = "\n".join(one["content"] for one in ollama.chats[-1].body["messages"])
    assert "| Berlin | 42.5" in read
    assert "| Oslo | 25.25 |" in read
    table, chart = await results(owner, answer)
    assert (table["outcome"], chart["outcome"]) == ("ok", "ok")
    [(shown, name, path)] = LINK.findall(answer["choices"][0]["message"]["content"])
    assert (shown, name) == ("!", "chart.png")
    assert "/api/artifacts/" not in read
    opened = await browser.get(path)
    assert (opened.status_code, opened.headers["content-type"]) == (200, "image/png")
    assert opened.content.startswith(PNG)


async def test_a_streamed_answer_ends_with_the_picture(
    owner: AsyncClient, browser: AsyncClient, ollama: OllamaDouble
) -> None:
    """In the deltas that any client joins."""
    plays(ollama, Call(name="data_analysis", arguments=CHART))
    frames = await frames_of(owner, model=f"{MODEL}@react", messages=ASK)
    assert frames[-1] == "[DONE]"
    content = joined(frames)
    [(_, name, path)] = LINK.findall(content)
    assert (content.startswith("Done."), name) == (True, "chart.png")
    assert (await browser.get(path)).content.startswith(PNG)


async def test_one_statement_joins_a_workbook_to_a_table(
    owner: AsyncClient, ollama: OllamaDouble
) -> None:
    """The model sees the schema, then typed rows; so does the client."""
    answer = await answered(
        owner,
        ollama,
        Call(name="sql_query", arguments={"action": "schema"}),
        Call(name="sql_query", arguments={"sql": JOINED}),
    )
    assert "| Ines | 42.50 |" in last_told(ollama)
    schema, rows = await results(owner, answer)
    assert "branches (from branches.xlsx" in schema["text"]
    assert [row[0] for row in rows["data"]["rows"]] == ["Ines", "Kari"]
    assert [float(row[1]) for row in rows["data"]["rows"]] == [42.5, 25.25]


async def test_python_reads_the_uploads_with_pandas_and_gives_a_file_back(
    owner: AsyncClient, browser: AsyncClient, ollama: OllamaDouble
) -> None:
    """What it prints, the value of its last line, and a file that opens."""
    answer = await answered(owner, ollama, Call(name="python_code", arguments={"code": PANDAS}))
    told = last_told(ollama)
    assert "in all 67.75" in told
    assert "['Ines', 'Kari']" in told
    [(shown, name, path)] = LINK.findall(answer["choices"][0]["message"]["content"])
    assert (shown, name) == ("", "totals.csv")
    assert (await browser.get(path)).text == "city,amount\nBerlin,42.5\nOslo,25.25\n"


@pytest.mark.parametrize("code", ESCAPES)
async def test_code_that_reaches_out_fails_and_the_trace_says_why(
    owner: AsyncClient, ollama: OllamaDouble, code: str
) -> None:
    """The model reads the same reason; the upload is as it was."""
    answer = await answered(owner, ollama, Call(name="python_code", arguments={"code": code}))
    [result] = await results(owner, answer)
    assert ESCAPES[code] in result["text"]
    assert ESCAPES[code] in last_told(ollama)
    kept = (await owner.get("/api/files/documents")).json()["documents"]
    [sales] = [one["file_id"] for one in kept if one["filename"] == "sales.csv"]
    assert (await owner.get(f"/api/files/documents/{sales}/content")).content == SALES


async def test_what_is_asked_for_is_made_after_the_users_word(
    owner: AsyncClient, ollama: OllamaDouble
) -> None:
    """The run waits with what it has, and goes on with it."""
    plays(
        ollama,
        Call(name="data_analysis", arguments=SUM),
        Call(name="math_calc", arguments={"expression": "42.5 - 25.25"}),
    )
    body = {"model": f"{MODEL}@react", "messages": ASK}
    agent = (await owner.post(CHAT, json=body)).json()["x_agent"]
    assert agent["state"] == "waiting"
    address = f"/api/runs/{agent['run_id']}"
    [asked] = (await owner.get(f"{address}/approvals")).json()
    assert (asked["tool"], asked["state"]) == ("math_calc", "pending")
    decided = await owner.post(
        f"{address}/approvals/{asked['call_id']}", json={"decision": "approve"}
    )
    assert decided.json()["state"] == "approved"
    assert "event: end" in (await owner.get(f"{address}/events")).text
    assert "17.25" in last_told(ollama)
    assert (await owner.get(address)).json()["state"] == "completed"


async def test_the_audit_holds_every_call_of_a_run(
    owner: AsyncClient, ollama: OllamaDouble
) -> None:
    """In order, with arguments, outcome, time and size, whatever became of them."""
    made = [
        Call(name="sql_query", arguments={"sql": "DROP TABLE sales"}),
        Call(name="sql_query", arguments={"sql": JOINED}),
        Call(name="data_analysis", arguments=CHART),
        Call(name="python_code", arguments={"code": "1 / 0"}),
    ]
    answer = await answered(owner, ollama, *made)
    run_id = answer["x_agent"]["run_id"]
    rows = (await owner.get("/api/tools/usage", params={"run_id": run_id})).json()
    assert sorted((row["tool"], row["outcome"]) for row in rows) == [
        ("data_analysis", "ok"),
        ("python_code", "ok"),
        ("sql_query", "ok"),
        ("sql_query", "retry"),
    ]
    assert {row["arguments"].get("code") for row in rows} == {None, "1 / 0"}
    assert all(row["duration_ms"] >= 0 and row["result_bytes"] > 0 for row in rows)
