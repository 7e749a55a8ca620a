"""Approvals over HTTP: asked, decided by route or signed link, and what becomes of the run."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient

from backend.kit.fences import bare
from tests.fakes.completions import CHAT, MODEL, frames_of, joined
from tests.fakes.live_server import Doubles, LiveServer, live_server
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import Person, a_key, someone

SESSION = "session"
ASK: list[Any] = [{"role": "user", "content": "What is 6 times 7?"}]
SUM = Call(name="math_calc", arguments={"expression": "6*7"})
RULES = '["math_calc=ask", "role:user wikipedia=deny"]'
pytestmark = pytest.mark.asyncio(loop_scope=SESSION)


@pytest_asyncio.fixture(scope=SESSION, loop_scope=SESSION)
async def asking(
    doubles: Doubles, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """Serve with rules that ask before the calculator is used."""
    folder = tmp_path_factory.mktemp("asking")
    async with live_server(folder, **doubles.environ(), APPROVALS__RULES=RULES) as live:
        live.token = await live.log_in()
        yield live


@pytest_asyncio.fixture(loop_scope=SESSION)
async def admin(asking: LiveServer) -> AsyncIterator[AsyncClient]:
    """Speak as the administrator of that server."""
    async with asking.http(asking.token) as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def nobody(asking: LiveServer) -> AsyncIterator[AsyncClient]:
    """Speak as nobody, as a browser that opens a link does."""
    async with asking.http() as client:
        yield client


@pytest_asyncio.fixture(loop_scope=SESSION)
async def other(asking: LiveServer, admin: AsyncClient) -> Person:
    """Make somebody else."""
    return await someone(asking, admin)


async def ask(http: AsyncClient, ollama: OllamaDouble, **body: Any) -> Any:
    """Ask for a sum; the model calls the calculator, and later says what it was told."""

    def script(given: dict[str, Any]) -> Reply:
        told = [one["content"] for one in given["messages"] if one["role"] == "tool"]
        return Reply(content=f"Told: {bare(told[-1])}") if told else Reply(calls=[SUM])

    ollama.script(script)
    answer = await http.post(CHAT, json={"model": f"{MODEL}@react", "messages": ASK, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ended(http: AsyncClient, run_id: str) -> Any:
    """Follow a run to its end and give it."""
    replayed = await http.get(f"/api/runs/{run_id}/events")
    assert "event: end" in replayed.text
    return (await http.get(f"/api/runs/{run_id}")).json()


def content_of(run: Any) -> str:
    """Give the answer of a stored run."""
    return "".join(one["text"] for one in run["trace"]["events"] if one["kind"] == "content")


def link_in(text: str) -> str:
    """Find the signed link in an answer, as a path."""
    found = re.search(r"\]\(http://[^/]+(/api/approve/[^)]+)\)", text)
    assert found, text
    return found[1]


async def test_a_call_is_asked_for_allowed_and_answered(
    admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """The answer replaces the question in the session."""
    answer = await ask(admin, ollama, store=True)
    choice, agent = answer["choices"][0], answer["x_agent"]
    assert (choice["finish_reason"], agent["state"]) == ("stop", "waiting")
    assert "math_calc" in choice["message"]["content"]
    assert choice["message"]["content"].endswith('\n\nWhen you have decided, send "go on".')
    [waiting] = (await admin.get("/api/approvals")).json()
    assert [agent["approvals"][0]["call_id"], agent["run_id"]] == [
        waiting["call_id"],
        waiting["run_id"],
    ]
    address = f"/api/runs/{agent['run_id']}/approvals"
    decided = await admin.post(f"{address}/{waiting['call_id']}", json={"decision": "approve"})
    assert (decided.status_code, decided.json()["state"]) == (200, "approved")
    run = await ended(admin, agent["run_id"])
    assert (run["state"], "42" in content_of(run)) == ("completed", True)
    session = (await admin.get(f"/api/conversations/{answer['x_session_id']}")).json()
    assert [(one["message"]["role"], one["state"]) for one in session["messages"]] == [
        ("user", "completed"),
        ("assistant", "completed"),
    ]
    assert "42" in session["messages"][1]["message"]["content"]
    assert (await admin.get(address)).json()[0]["state"] == "approved"
    assert (await admin.get("/api/approvals")).json() == []
    [row] = (await admin.get("/api/tools/usage", params={"run_id": agent["run_id"]})).json()
    assert (row["tool"], row["outcome"]) == ("math_calc", "ok")
    totals = (await admin.get("/api/tools/usage/totals")).json()
    assert ("math_calc", "ok") in {(one["tool"], one["outcome"]) for one in totals}


async def test_a_stream_ends_with_the_question_and_its_events_go_on_later(
    admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """What was seen is not seen again after the decision."""
    ollama.queue(Reply(calls=[SUM]), Reply(content="It is 42."))
    body = {"model": f"{MODEL}@react", "messages": ASK}
    frames = await frames_of(admin, **body)
    [asked] = [
        one["x_agent"] for one in frames[:-1] if one.get("x_agent", {}).get("type") == "approval"
    ]
    assert link_in(joined(frames)) in asked["url"]
    assert frames[-2]["choices"][0]["finish_reason"] == "stop"
    run_id = frames[-2]["x_agent"]["run_id"]
    before = await admin.get(f"/api/runs/{run_id}/events")
    assert '"state":"waiting"' in before.text
    seen = re.findall(r"^id: (\S+)$", before.text, re.MULTILINE)[-1]
    await admin.post(
        f"/api/runs/{run_id}/approvals/{asked['call_id']}", json={"decision": "approve"}
    )
    after = await admin.get(f"/api/runs/{run_id}/events", headers={"last-event-id": seen})
    assert '"type":"approval"' not in after.text
    assert '"outcome":"ok"' in after.text
    assert "It is 42." in after.text
    assert '"state":"completed"' in after.text


async def test_events_alone_are_for_pages_that_ask_themselves(
    admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """No text, no link in the answer."""
    answer = await ask(admin, ollama, approvals="events")
    assert (answer["choices"][0]["message"]["content"], answer["x_agent"]["state"]) == (
        "",
        "waiting",
    )


async def test_a_denied_call_goes_back_to_the_model_and_a_second_decision_is_a_conflict(
    admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """With the state in its code."""
    agent = (await ask(admin, ollama))["x_agent"]
    address = f"/api/runs/{agent['run_id']}/approvals/{agent['approvals'][0]['call_id']}"
    await admin.post(address, json={"decision": "deny", "note": "in your head, please"})
    run = await ended(admin, agent["run_id"])
    assert "in your head, please" in content_of(run)
    again = await admin.post(address, json={"decision": "approve"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "approval_denied")
    [row] = (await admin.get("/api/tools/usage", params={"run_id": agent["run_id"]})).json()
    assert row["outcome"] == "denied"


async def test_a_foreign_user_finds_nothing(
    asking: LiveServer, admin: AsyncClient, other: Person, ollama: OllamaDouble
) -> None:
    """Neither the list, nor the call; the answers are those for what does not exist."""
    agent = (await ask(admin, ollama))["x_agent"]
    call_id = agent["approvals"][0]["call_id"]
    async with asking.http(other.token) as http:
        texts: list[str] = []
        for run_id in (agent["run_id"], "run_missing"):
            listed = await http.get(f"/api/runs/{run_id}/approvals")
            body = {"decision": "approve"}
            decided = await http.post(f"/api/runs/{run_id}/approvals/{call_id}", json=body)
            assert (listed.status_code, decided.status_code) == (404, 404)
            texts.append(listed.text + decided.text)
        assert texts[0] == texts[1]
        assert (await http.get("/api/approvals")).json() == []
    [one] = (await admin.get(f"/api/runs/{agent['run_id']}/approvals")).json()
    assert one["state"] == "pending"


async def test_a_key_bound_to_other_tools_neither_decides_nor_sees_the_link(
    asking: LiveServer, admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """What goes on would use more than the key may; denying lets it go on too."""
    answer = await ask(admin, ollama, store=True)
    run_id, [asked] = answer["x_agent"]["run_id"], answer["x_agent"]["approvals"]
    token = link_in(answer["choices"][0]["message"]["content"]).rpartition("/")[2]
    payload, _, signature = token.partition(".")
    address = f"/api/runs/{run_id}/approvals/{asked['call_id']}"
    places = [f"/api/runs/{run_id}", f"/v1/chat/completions/{answer['id']}"]
    async with asking.http(await a_key(admin, "chat", "tools:weather")) as bound:
        for decision in ("approve", "deny"):
            refused = await bound.post(address, json={"decision": decision})
            assert refused.status_code == 403
        told = [(await bound.get(place)).text for place in places]
        events = f"/api/runs/{run_id}/events"
        whole = (await admin.get(events)).text
        at = re.findall(r"^id: (\d+)\.(\d+)$", whole, re.MULTILINE)[-1]
        for offset in (0, *range(int(at[1]) - 400, int(at[1]), 20)):
            seen = {"last-event-id": f"{at[0]}.{offset}"}
            told.append((await bound.get(events, headers=seen)).text)
        told.append((await bound.get(events)).text)
    assert all("/api/approve/" in one for one in (*told[:2], told[-1]))
    assert [one for one in told if signature in one or payload in one] == []
    [one] = (await admin.get(f"/api/runs/{run_id}/approvals")).json()
    assert one["state"] == "pending"
    for place in (*places, events):
        assert token in (await admin.get(place)).text


async def test_a_key_decides_what_a_key_as_narrow_had_begun(
    asking: LiveServer, admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """A run is bound as the key that began it."""
    async with asking.http(await a_key(admin, "chat", "tools:math_calc")) as first:
        answer = await ask(first, ollama)
        link_in(answer["choices"][0]["message"]["content"])
    run_id, [asked] = answer["x_agent"]["run_id"], answer["x_agent"]["approvals"]
    address = f"/api/runs/{run_id}/approvals/{asked['call_id']}"
    body = {"decision": "approve"}
    async with asking.http(await a_key(admin, "chat", "tools:weather")) as other:
        assert (await other.post(address, json=body)).status_code == 403
    async with asking.http(await a_key(admin, "chat", "tools:math_calc")) as second:
        assert asked["url"] in (await second.get(f"/api/runs/{run_id}/events")).text
        assert (await second.post(address, json=body)).status_code == 200
        assert (await ended(second, run_id))["state"] == "completed"


async def test_a_waiting_run_can_be_cancelled(admin: AsyncClient, ollama: OllamaDouble) -> None:
    """Then nothing can be decided any more."""
    agent = (await ask(admin, ollama))["x_agent"]
    run_id = agent["run_id"]
    assert (await admin.post(f"/api/runs/{run_id}/cancel")).status_code == 202
    assert (await admin.get(f"/api/runs/{run_id}")).json()["state"] == "cancelled"
    address = f"/api/runs/{run_id}/approvals/{agent['approvals'][0]['call_id']}"
    late = await admin.post(address, json={"decision": "approve"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "approval_expired")


async def test_the_signed_link_shows_decides_and_then_shows_the_answer(
    admin: AsyncClient, nobody: AsyncClient, ollama: OllamaDouble
) -> None:
    """Without log-in and without script; looking decides nothing."""
    answer = await ask(admin, ollama)
    link = link_in(answer["choices"][0]["message"]["content"])
    for _ in range(2):
        page = await nobody.get(link)
        assert (page.status_code, "6*7" in page.text) == (200, True)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy + page.text
    assert (await admin.get("/api/approvals")).json() != []
    sent = await nobody.post(link, data={"decision": "approve"})
    assert (sent.status_code, sent.headers["location"]) == (303, link)
    run_id = answer["x_agent"]["run_id"]
    await ended(admin, run_id)
    shown = await nobody.get(link)
    assert "42" in shown.text
    assert "send &quot;go on&quot; there" in shown.text
    assert 'http-equiv="refresh"' not in shown.text
    again = await nobody.post(link, data={"decision": "deny"})
    assert (again.status_code, "You allowed this call" in again.text) == (409, True)


async def test_a_forged_or_changed_link_opens_nothing(
    admin: AsyncClient, nobody: AsyncClient, ollama: OllamaDouble
) -> None:
    """Whatever part of it was touched."""
    link = link_in((await ask(admin, ollama))["choices"][0]["message"]["content"])
    head, _, signature = link.rpartition(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for forged in (f"{head}.{flipped}", f"{head[:-1]}x.{signature}", f"{head}.", f"{link}x"):
        assert (await nobody.get(forged)).status_code == 404
        assert (await nobody.post(forged, data={"decision": "approve"})).status_code == 404
    assert (await nobody.post(link, data={"decision": "perhaps"})).status_code == 400
    assert (await nobody.post(link, content=b"x" * 10_000)).status_code == 400


async def test_what_the_page_shows_is_escaped(
    admin: AsyncClient, nobody: AsyncClient, ollama: OllamaDouble
) -> None:
    """Arguments may have been written by anybody; in the answer they stand in a code block."""
    evil = "</pre><script>alert(1)</script>```![x](https://evil.example/?q=1)"
    ollama.queue(Reply(calls=[Call(name="math_calc", arguments={"expression": evil})]))
    body = {"model": f"{MODEL}@react", "messages": ASK}
    content = (await admin.post(CHAT, json=body)).json()["choices"][0]["message"]["content"]
    assert content.count("```") == 2
    page = await nobody.get(link_in(content))
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_a_conversation_that_is_deleted_takes_what_waits_with_it(
    admin: AsyncClient, nobody: AsyncClient, ollama: OllamaDouble
) -> None:
    """Run, approval, and what the link showed."""
    answer = await ask(admin, ollama, store=True)
    link = link_in(answer["choices"][0]["message"]["content"])
    assert (await nobody.get(link)).status_code == 200
    await admin.delete(f"/api/conversations/{answer['x_session_id']}")
    assert (await nobody.get(link)).status_code == 404
    run_id = answer["x_agent"]["run_id"]
    assert (await admin.get(f"/api/runs/{run_id}/approvals")).status_code == 404


async def test_an_account_that_is_erased_or_disabled_decides_nothing(
    asking: LiveServer, admin: AsyncClient, nobody: AsyncClient, ollama: OllamaDouble
) -> None:
    """Not even by a link that was given out before."""
    for end in ("disable", "erase"):
        person = await someone(asking, admin)
        async with asking.http(person.token) as http:
            link = link_in((await ask(http, ollama))["choices"][0]["message"]["content"])
        assert (await nobody.get(link)).status_code == 200
        if end == "erase":
            await admin.delete(f"/api/users/{person.id}")
        else:
            await admin.patch(f"/api/users/{person.id}", json={"disabled": True})
        assert (await nobody.get(link)).status_code == 404
        assert (await nobody.post(link, data={"decision": "approve"})).status_code == 404


async def test_a_stock_client_that_says_go_on_lets_the_model_know_what_came_of_it(
    admin: AsyncClient, nobody: AsyncClient, ollama: OllamaDouble
) -> None:
    """The transcript and the answer stand where the link stood."""
    answer = await ask(admin, ollama)
    asked = answer["choices"][0]["message"]["content"]
    await nobody.post(link_in(asked), data={"decision": "approve"})
    await ended(admin, answer["x_agent"]["run_id"])
    messages = [*ASK, {"role": "assistant", "content": asked}, {"role": "user", "content": "go on"}]
    ollama.reset()
    ollama.queue(Reply(content="As I said."))
    await admin.post(CHAT, json={"model": f"{MODEL}@chat", "messages": messages})
    sent = ollama.chats[-1].body["messages"]
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "assistant", "user"]
    assert "42" in sent[3]["content"]
    assert "/api/approve/" not in str(sent)


async def test_rules_show_in_the_list_of_tools_and_hold_by_hand(
    asking: LiveServer, admin: AsyncClient, other: Person
) -> None:
    """Who tries a tool asks for it: only what is denied is refused."""
    tried = await admin.post("/api/tools/math_calc", json={"arguments": {"expression": "1+1"}})
    assert (tried.status_code, tried.json()["outcome"]) == (200, "ok")
    async with asking.http(other.token) as http:
        found = {one["name"]: one for one in (await http.get("/api/tools")).json()}
        assert (found["wikipedia"]["available"], found["wikipedia"]["approval"]) == (False, "deny")
        assert "rules of this server" in found["wikipedia"]["unavailable"]
        assert found["math_calc"]["approval"] == "ask"
        refused = await http.post("/api/tools/wikipedia", json={"arguments": {"query": "x"}})
        assert refused.status_code == 403
    found = {one["name"]: one for one in (await admin.get("/api/tools")).json()}
    assert (found["wikipedia"]["available"], found["wikipedia"]["approval"]) == (True, "allow")


async def test_a_question_for_the_users_word_is_left_for_another_version_and_decided_there(
    admin: AsyncClient, ollama: OllamaDouble
) -> None:
    """A run that waits does not hold its session; its answer comes where it had asked."""
    ollama.queue(Reply(calls=[SUM]))
    asking = {"model": f"{MODEL}@react", "messages": ASK, "store": True}
    answer = (await admin.post(CHAT, json=asking)).json()
    session_id, waits = answer["x_session_id"], answer["x_agent"]
    where = f"/api/conversations/{session_id}"

    async def shown() -> Any:
        return (await admin.get(where)).json()["messages"]

    [question, asked] = await shown()
    body = {"model": f"{MODEL}@chat", "messages": [{"role": "user", "content": "Just say hi"}]}
    body |= {"session_id": session_id, "replaces": question["id"]}
    assert (await admin.post(CHAT, json=body)).status_code == 200
    other = await shown()
    assert [one["message"]["content"] for one in other] == ["Just say hi", "echo: Just say hi"]

    ollama.queue(Reply(content="It is 42."))
    call_id = waits["approvals"][0]["call_id"]
    address = f"/api/runs/{waits['run_id']}/approvals/{call_id}"
    assert (await admin.post(address, json={"decision": "approve"})).status_code == 200
    assert (await ended(admin, waits["run_id"]))["state"] == "completed"
    assert await shown() == other
    assert (await admin.patch(where, json={"shown": asked["id"]})).status_code == 200
    [_, done] = await shown()
    assert (done["id"], done["message"]["content"]) == (asked["id"], "It is 42.")
