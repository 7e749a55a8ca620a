"""Answers from the caller's documents, through the whole server, in every mode, cited and resolved."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from tests.fakes.completions import CHAT, MODEL, frames_of, joined
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import Person, bearer, someone
from tests.fakes.sample_files import pdf_of_lines
from tests.fakes.uploads import DOCUMENTS, uploaded

SESSION = "session"
NOTICE = "Either party may end the lease with a notice of 90 days."
POLICY = "The refund deadline is 30 days after the purchase."
ASKED: list[Any] = [{"role": "user", "content": "What notice does my lease ask for?"}]
SEARCH = Call(name="rag_retrieval", arguments={"query": "notice to end the lease"})
ANSWER = "Ninety days\u30101\u3011, not less [7]."


@pytest_asyncio.fixture(loop_scope=SESSION)
async def documents(mine: httpx.AsyncClient) -> dict[str, str]:
    """Give somebody two files; their ids by name."""
    lease = pdf_of_lines([["The rent is 900 euros a month."], [NOTICE]])
    return {
        "lease.pdf": await uploaded(mine, "lease.pdf", lease),
        "policy.txt": await uploaded(mine, "policy.txt", POLICY.encode()),
    }


async def erase(mine: httpx.AsyncClient, documents: dict[str, str]) -> None:
    """Delete all of them."""
    for file_id in documents.values():
        assert (await mine.delete(f"{DOCUMENTS}/{file_id}")).status_code == 204


async def stored_text(mine: httpx.AsyncClient, file_id: str) -> str:
    """Give what was read out of a file."""
    pages = (await mine.get(f"{DOCUMENTS}/{file_id}/text")).json()["pages"]
    return "".join(page["text"] for page in pages)


def reacts(body: dict[str, Any]) -> Reply | None:
    """Play a model that searches once, then answers."""
    seen = any(message["role"] == "tool" for message in body["messages"])
    return Reply(content=ANSWER) if seen else Reply(calls=[SEARCH])


def plans(body: dict[str, Any]) -> Reply | None:
    """Play a model that plans one search, is content, and answers."""
    title = (body.get("format") or {}).get("title")
    if title == "Plan":
        step = {"id": "a", "purpose": "the notice", "tool": SEARCH.name, "input": SEARCH.arguments}
        return Reply(content=orjson.dumps({"steps": [{**step, "depends_on": []}]}).decode())
    return Reply(content='{"passed": true}') if title == "Verdict" else Reply(content=ANSWER)


@pytest.mark.parametrize(("mode", "script"), [("react", reacts), ("plan", plans)])
async def test_an_answer_cites_the_page_and_the_citation_resolves(
    mine: httpx.AsyncClient, ollama: OllamaDouble, documents: dict[str, str], mode: str, script: Any
) -> None:
    """Whole, streamed, stored, and in `x_agent`: one passage, the same everywhere."""
    ollama.script(script)
    body: Any = {"model": f"{MODEL}@{mode}", "messages": ASKED}
    answer = (await mine.post(CHAT, json={**body, "store": True})).json()
    message = answer["choices"][0]["message"]
    assert message["content"] == "Ninety days[1], not less ."
    [annotation] = message["annotations"]
    cited = annotation["url_citation"]
    assert message["content"][cited["start_index"] : cited["end_index"]] == "[1]"
    first = answer["x_agent"]["citations"][0]
    assert (cited["title"], first["page"], first["text"]) == ("lease.pdf, p. 2", 2, NOTICE)
    whole = await stored_text(mine, first["file_id"])
    assert whole[first["start"] : first["end"]] == NOTICE
    assert cited["url"].endswith(f"/api/citations/{first['id']}")

    resolved = await mine.get(f"/api/citations/{first['id']}")
    assert resolved.json() == {
        "id": first["id"],
        "title": "lease.pdf, p. 2",
        "file_id": first["file_id"],
        "filename": "lease.pdf",
        "page": 2,
        "start": first["start"],
        "end": first["end"],
        "before": whole[: first["start"]],
        "text": NOTICE,
        "after": "",
    }
    assert "no-store" in resolved.headers["cache-control"]

    kept = (await mine.get(f"/api/conversations/{answer['x_session_id']}")).json()["messages"][-1]
    assert kept["message"]["annotations"] == message["annotations"]
    frames = await frames_of(mine, **body)
    [streamed] = [
        frame["choices"][0]["delta"]["annotations"]
        for frame in frames[:-1]
        if frame["choices"] and "annotations" in frame["choices"][0]["delta"]
    ]
    assert (joined(frames), streamed) == (message["content"], message["annotations"])
    trace = (await mine.get(f"/api/runs/{answer['x_agent']['run_id']}")).json()["trace"]
    assert trace["citations"] == answer["x_agent"]["citations"]


async def test_a_stock_client_reads_the_annotations(
    server: LiveServer, person: Person, ollama: OllamaDouble, documents: dict[str, str]
) -> None:
    """They validate against OpenAI's own types."""
    ollama.script(reacts)
    async with server.openai(person.token, _strict_response_validation=True) as client:
        answer = await client.chat.completions.create(model=f"{MODEL}@react", messages=ASKED)
    assert answer.choices[0].message.annotations
    assert answer.choices[0].message.annotations[0].url_citation.title == "lease.pdf, p. 2"


async def test_a_question_that_does_not_name_documents_is_looked_up_all_the_same(
    mine: httpx.AsyncClient, ollama: OllamaDouble, documents: dict[str, str]
) -> None:
    """In auto mode, because they speak of it; for somebody without documents it stays a chat."""
    ollama.script(reacts)
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "What is the refund deadline?"}],
    }
    agent = (await mine.post(CHAT, json=body)).json()["x_agent"]
    assert (agent["route"], agent["reason"]) == ("react", "your documents speak of this")
    await erase(mine, documents)
    assert (await mine.post(CHAT, json=body)).json()["x_agent"]["route"] == "chat"


@pytest.mark.parametrize(("mode", "script"), [("react", reacts), ("plan", plans)])
async def test_what_is_not_in_the_documents_is_told_to_the_model(
    mine: httpx.AsyncClient, ollama: OllamaDouble, documents: dict[str, str], mode: str, script: Any
) -> None:
    """It sees no passage to answer from, and a marker it invents is gone."""
    await erase(mine, documents)
    await uploaded(mine, "recipes.md", b"Whisk the eggs.")
    ollama.script(script)
    body = {"model": f"{MODEL}@{mode}", "messages": ASKED}
    answer = (await mine.post(CHAT, json=body)).json()
    assert "[1]" not in answer["choices"][0]["message"]["content"]
    assert "annotations" not in answer["choices"][0]["message"]
    told = str(ollama.requests[-1].body["messages"])
    assert "documents answers this" in told
    assert "Whisk" not in told


async def test_nobody_else_finds_a_citation(
    server: LiveServer,
    http: httpx.AsyncClient,
    mine: httpx.AsyncClient,
    documents: dict[str, str],
) -> None:
    """Another user, an unknown id and an erased file are answered alike; nobody is asked to log in."""
    found = await mine.post("/api/tools/rag_retrieval", json={"arguments": SEARCH.arguments})
    path = f"/api/citations/{found.json()['citations'][0]['id']}"
    assert (await mine.get(path)).status_code == 200
    other = await someone(server, http)
    foreign = await mine.get(path, headers=bearer(other.token))
    unknown = await mine.get("/api/citations/cit_nothing")
    await erase(mine, documents)
    erased = await mine.get(path)
    answers = [(one.status_code, one.json()) for one in (foreign, unknown, erased)]
    assert answers[0][0] == 404
    assert answers == [answers[0]] * 3
    async with server.http() as anyone:
        assert (await anyone.get(path)).status_code == 401


@pytest.mark.parametrize("name", ["cit_1", "a%3Fb%23d", "%0d%0aset-cookie:x"])
async def test_a_link_opened_in_a_browser_leads_to_the_page(
    anyone: httpx.AsyncClient, name: str
) -> None:
    """The page asks for log-in; the redirect is the same whether or not there is such a citation."""
    html = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = await anyone.get(f"/api/citations/{name}", headers=html)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/#/citation/")
    assert "\r" not in answer.headers["location"]
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_a_browsers_request_with_a_token_gets_the_passage(http: httpx.AsyncClient) -> None:
    """A page that fetches says who it is."""
    answer = await http.get("/api/citations/cit_1", headers={"accept": "text/html"})
    assert answer.status_code == 404


BUILTIN = [
    (
        "What notice does my lease ask for?",
        "Either party may end the lease with a notice of 90 days. [1]",
        ["lease.pdf, p. 2"],
    ),
    (
        "What is the refund deadline?",
        "The refund deadline is 30 days after the purchase. [1]",
        ["policy.txt"],
    ),
    (
        "What is the rent in the lease and what is the refund deadline in the policy?",
        "The rent is 900 euros a month. [{m}]\n\nThe refund deadline is 30 days after the purchase. [{n}]",
        ["lease.pdf, p. 1", "policy.txt"],
    ),
    (
        "What does my handbook say about parking?",
        "This was not found in your documents: What does my handbook say about parking?",
        [],
    ),
]


@pytest.mark.parametrize("mode", ["", "@react", "@plan"])
@pytest.mark.parametrize(("question", "wanted", "titles"), BUILTIN)
async def test_the_builtin_model_quotes_the_right_page_in_every_mode(
    mine: httpx.AsyncClient,
    documents: dict[str, str],
    mode: str,
    question: str,
    wanted: str,
    titles: list[str],
) -> None:
    """With the marker of the passage that says it, or plainly that it is not there."""
    body = {"model": f"builtin{mode}", "messages": [{"role": "user", "content": question}]}
    answer = (await mine.post(CHAT, json=body)).json()
    message = answer["choices"][0]["message"]
    known = [one["title"] for one in answer["x_agent"]["citations"]]
    number = known.index(titles[-1]) + 1 if titles else 0
    first = known.index(titles[0]) + 1 if titles else 0
    assert message["content"] == wanted.replace("{n}", str(number)).replace("{m}", str(first))
    marked = [one["url_citation"]["title"] for one in message.get("annotations", [])]
    assert marked == titles


async def test_the_builtin_model_follows_up_on_a_document(
    mine: httpx.AsyncClient, documents: dict[str, str]
) -> None:
    """What "it" is stands in the question before."""
    messages = [
        {"role": "user", "content": "What notice does my lease ask for?"},
        {"role": "assistant", "content": "A notice of 90 days. [1]"},
        {"role": "user", "content": "What rent does it ask for?"},
    ]
    answer = (await mine.post(CHAT, json={"model": "builtin", "messages": messages})).json()
    assert answer["choices"][0]["message"]["content"] == "The rent is 900 euros a month. [1]"
