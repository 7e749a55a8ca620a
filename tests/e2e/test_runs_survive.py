"""Answers through the real program: killed at any moment, they go on after the restart."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.crash_world import World, journaled
from tests.fakes.marking_tool import TOLD
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply
from tests.fakes.side_loop import side_loop

SUM = Call(name="math_calc", arguments={"expression": "12*(3+4)"})
MARK = Call(name="mark", arguments={"text": "once"})
HANGS = Fault(kind="hang", after=0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of its own, its model server in a loop of its own."""
    with side_loop() as run:
        double = OllamaDouble()
        run(double.start())
        yield World(tmp_path, double, run)
        run(double.stop())


def kill(process: subprocess.Popen[str]) -> None:
    """End a process as a crash does."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=180)


@contextmanager
def asking(client: httpx.Client, mode: str, words: str = "Do it.") -> Iterator[tuple[str, str]]:
    """Ask in a session of its own; give run and session once there is an answer that may go on."""
    body = {
        "model": f"llama3.2@{mode}",
        "messages": [{"role": "user", "content": words}],
        "store": True,
        "stream": True,
    }
    with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        yield answer.headers["x-run-id"], answer.headers["x-session-id"]


def ended(client: httpx.Client, run_id: str) -> str:
    """Wait for a run's end and give its events."""
    return client.get(f"/api/runs/{run_id}/events").text


def shown(client: httpx.Client, session: str) -> list[tuple[str, str]]:
    """Give the role and the state of each message of a session."""
    found = client.get(f"/api/conversations/{session}").json()
    return [(one["message"]["role"], one["state"]) for one in found["messages"]]


def chats(world: World) -> list[Any]:
    """Give the messages of every call of the model so far."""
    return [one.body["messages"] for one in world.double.chats]


def resumed(client: httpx.Client, run_id: str) -> str:
    """Take a run up as two clients at once do: one of them does, and its events end well."""
    address = f"/api/runs/{run_id}/resume"
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(lambda _: client.post(address), range(4)))
    codes = sorted(one.status_code for one in said)
    assert codes == [202, 409, 409, 409], [one.text for one in said]
    events = ended(client, run_id)
    assert client.post(address).json()["error"]["code"] == "run_not_interrupted"
    return events


MOMENTS = {
    "before the first token": [Reply(fault=HANGS)],
    "while it is said": [Reply(content="one two three four", fault=Fault(kind="hang", after=2))],
    "between two steps": [Reply(calls=[SUM]), Reply(fault=HANGS)],
    "in the last step": [
        Reply(calls=[SUM]),
        Reply(content="one two three four", fault=Fault(kind="hang", after=2)),
    ],
}


@pytest.mark.parametrize("mode", ["react", "chat"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_answer_that_a_crash_cut_goes_on_after_the_restart(
    world: World, moment: str, mode: str
) -> None:
    """The session is sound meanwhile, steps that were done are not done again, and it ends once."""
    script = MOMENTS[moment] if mode == "react" else MOMENTS[moment][-1:]
    world.double.queue(*script)
    with world.server() as (process, client), asking(client, mode) as (run_id, session):
        world.run(world.double.arrived(len(script)))
        kill(process)
    before = len(chats(world))
    world.double.queue(Reply(content="The sum is 84."))
    with world.server() as (process, client):
        assert client.get(f"/api/runs/{run_id}").json()["state"] == "interrupted"
        assert shown(client, session)[0] == ("user", "completed")
        events = resumed(client, run_id)
        assert '"state":"completed"' in events
        assert shown(client, session) == [("user", "completed"), ("assistant", "completed")]
        found = client.get(f"/api/conversations/{session}").json()["messages"][-1]
        assert found["message"]["content"] == "The sum is 84."
        [again] = chats(world)[before:]
        steps = [one["role"] for one in again if one["role"] != "system"]
        done = ["assistant", "tool"] if len(script) > 1 else []
        assert steps == ["user", *done]
        assert events.count("event: tool_call") == len(done) // 2
        assert not list(world.folder.glob("data/checkpoints.db-journal"))


WIRES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Count."}], "store": True},
    "/v1/responses": {"input": "Count."},
}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("path", WIRES)
def test_a_whole_answer_with_a_key_is_not_begun_twice_when_its_server_ends(
    world: World, path: str, how: signal.Signals
) -> None:
    """Whoever sends the request again is told of its run, which goes on when it is told to."""
    world.environ["SERVER__SHUTDOWN_GRACE_S"] = "1"
    world.double.queue(Reply(content="one two three four", fault=Fault(kind="hang", after=2)))
    body = {"model": "llama3.2@chat", **WIRES[path]}
    key = {"idempotency-key": "whole"}
    with world.server() as (process, client), ThreadPoolExecutor(1) as thread:
        if "input" in body:
            body["conversation"] = client.post("/v1/conversations", json={}).json()["id"]
        waiting = thread.submit(client.post, path, json=body, headers=key)
        world.run(world.double.arrived(1))
        process.send_signal(how)
        process.wait(timeout=20)
        assert waiting.exception() or waiting.result().status_code >= 500
    with world.server() as (process, client):
        for _ in range(2):
            again = client.post(path, json=body, headers=key)
            assert (again.status_code, "run_interrupted" in again.text) == (409, True), again.text
        assert len(chats(world)) == 1
        run_id = again.headers["x-run-id"]
        assert f"/api/runs/{run_id}/resume" in again.json()["error"]["message"]
        assert client.get(f"/api/runs/{run_id}").json()["state"] == "interrupted"
        world.double.queue(Reply(content="one two three four five"))
        assert '"state":"completed"' in resumed(client, run_id)
        assert len(chats(world)) == 2


def test_a_key_bound_to_tools_takes_up_no_run_that_may_use_others(world: World) -> None:
    """Not even with the scope of chats; one that is bound as the run is does."""
    world.double.queue(Reply(fault=HANGS), Reply(content="The sum is 84."))
    with world.server() as (process, client), asking(client, "chat") as (run_id, _):
        made = [
            client.post("/api/auth/keys", json={"name": "k", "scopes": scopes}).json()["key"]
            for scopes in (["chat", "tools:math_calc"], ["chat"])
        ]
        world.run(world.double.arrived(1))
        kill(process)
    with world.server() as (process, client):
        address = f"/api/runs/{run_id}/resume"
        narrow, wide = ({"authorization": f"Bearer {key}"} for key in made)
        refused = client.post(address, headers=narrow)
        assert (refused.status_code, "bound to tools" in refused.text) == (403, True)
        assert client.post(address, headers=wide).status_code == 202
        assert '"state":"completed"' in ended(client, run_id)


def test_what_a_crash_left_of_a_call_is_told_as_unknown_and_not_made_again(world: World) -> None:
    """The effect is there once, although the server died between it and its record."""
    os.mkfifo(world.folder / TOLD)
    world.double.queue(Reply(calls=[MARK]))
    with world.server() as (process, client), asking(client, "react") as (run_id, session):
        (world.folder / TOLD).read_text()
        kill(process)
    (world.folder / TOLD).unlink()
    world.double.queue(Reply(content="I do not know whether it was done."))
    with world.server() as (process, client):
        said = client.get(f"/api/conversations/{session}").json()["messages"][-1]
        assert "It is not known whether mark had its effect" in said["message"]["content"]
        assert '"state":"completed"' in resumed(client, run_id)
        told = chats(world)[-1][-1]
        assert (told["role"], "not known" in told["content"]) == ("tool", True)
        assert world.effects == ["once"]
        rows = client.get("/api/tools/usage").json()
        assert "unknown" in str(rows)


def test_a_call_that_was_allowed_is_made_once_although_the_server_died(world: World) -> None:
    """The same holds where the user was asked first."""
    world.environ["APPROVALS__RULES"] = "mark=ask"
    os.mkfifo(world.folder / TOLD)
    world.double.queue(Reply(calls=[MARK]))
    with world.server() as (process, client):
        with asking(client, "react") as (run_id, session):
            pass
        assert '"state":"waiting"' in ended(client, run_id)
        [call] = client.get(f"/api/runs/{run_id}/approvals").json()
        address = f"/api/runs/{run_id}/approvals/{call['call_id']}"
        assert client.post(address, json={"decision": "approve"}).status_code == 200
        (world.folder / TOLD).read_text()
        kill(process)
    (world.folder / TOLD).unlink()
    world.double.queue(Reply(content="I do not know whether it was done."))
    with world.server() as (process, client):
        assert '"state":"completed"' in resumed(client, run_id)
        assert "not known" in chats(world)[-1][-1]["content"]
        assert world.effects == ["once"]
        assert shown(client, session) == [("user", "completed"), ("assistant", "completed")]


def test_a_session_that_went_on_keeps_its_interrupted_answer_as_it_is(world: World) -> None:
    """Who asks something new after the crash gets an answer; the old run is not taken up then."""
    world.double.queue(Reply(fault=HANGS))
    with world.server() as (process, client), asking(client, "react") as (run_id, session):
        world.run(world.double.arrived(1))
        kill(process)
    world.double.queue(Reply(content="Something new."))
    with world.server() as (process, client):
        body = {
            "model": "llama3.2@react",
            "messages": [{"role": "user", "content": "And now?"}],
            "session_id": session,
        }
        assert client.post("/v1/chat/completions", json=body).status_code == 200
        refused = client.post(f"/api/runs/{run_id}/resume")
        code = refused.json()["error"]["code"]
        assert (refused.status_code, code) == (409, "conversation_gone_on")


def test_a_server_that_is_told_to_takes_runs_up_by_itself(world: World) -> None:
    """With AGENT__RESUME_AFTER_CRASH=auto nobody has to ask."""
    world.environ["AGENT__RESUME_AFTER_CRASH"] = "auto"
    world.double.queue(Reply(calls=[SUM]), Reply(fault=HANGS))
    with world.server() as (process, client), asking(client, "react") as (run_id, _):
        world.run(world.double.arrived(2))
        kill(process)
    world.double.queue(Reply(content="The sum is 84."))
    with world.server() as (process, client):
        world.run(world.double.arrived(3))
        assert '"state":"completed"' in ended(client, run_id)


def test_a_stop_signal_interrupts_with_a_last_word_and_leaves_nothing_behind(world: World) -> None:
    """After the limit a stream is told that it was interrupted and can be resumed, and how."""
    world.environ["SERVER__SHUTDOWN_GRACE_S"] = "1"
    world.double.queue(Reply(content="one two three four", fault=Fault(kind="hang", after=2)))
    body = {
        "model": "llama3.2@chat",
        "messages": [{"role": "user", "content": "Count."}],
        "store": True,
        "stream": True,
    }
    with world.server() as (process, client):
        with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            run_id = answer.headers["x-run-id"]
            world.run(world.double.arrived(1))
            process.terminate()
            text = answer.read().decode()
        assert process.wait(timeout=20) == 0
    assert f"/api/runs/{run_id}/resume" in text
    assert "run_interrupted" in text
    world.double.queue(Reply(content="one two three four five"))
    with world.server() as (process, client):
        assert '"resumable":true' in ended(client, run_id)
        assert '"state":"completed"' in resumed(client, run_id)


def after(client: httpx.Client, run_id: str, last: str = "") -> list[tuple[str, str, Any]]:
    """Read a run's events behind an id to their end: id, name and data of each."""
    headers = {"last-event-id": last} if last else {}
    text = client.get(f"/api/runs/{run_id}/events", headers=headers).text
    blocks = [block.split("\n") for block in text.strip().split("\n\n") if block[0] != ":"]
    found = [dict(line.split(": ", 1) for line in block) for block in blocks]
    return [(one.get("id", ""), one["event"], json.loads(one["data"])) for one in found]


def words_of(events: list[tuple[str, str, Any]]) -> str:
    """Join the answer text of events."""
    return "".join(data["text"] for _, name, data in events if name == "content")


def read_to(answer: httpx.Response, words: str) -> str:
    """Read a stream of events until something stands in it; give the last id."""
    text = ""
    for piece in answer.iter_text():
        text += piece
        if words in text:
            break
    return re.findall(r"^id: (.+)$", text, re.MULTILINE)[-1]


@pytest.mark.parametrize("mode", ["react", "chat"])
def test_a_reader_from_before_the_crash_sees_nothing_twice_and_lacks_nothing(
    world: World, mode: str
) -> None:
    """What was written down is the message meanwhile; with the new answer its reader begins again."""
    cut = Reply(content="one two three four", fault=Fault(kind="hang", after=2))
    world.double.queue(*[Reply(calls=[SUM])] * (mode == "react"), cut)
    with world.server() as (process, client), asking(client, mode) as (run_id, session):
        with client.stream("GET", f"/api/runs/{run_id}/events") as answer:
            last = read_to(answer, "two")
        journaled(world.folder, "two")
        kill(process)
    world.double.queue(Reply(content="The sum is 84."))
    with world.server() as (process, client):
        said = client.get(f"/api/conversations/{session}").json()["messages"][-1]
        kept = said["message"]["content"]
        assert (said["state"], kept.split()) == ("interrupted", ["one", "two"])
        end = ("", "end", {"state": "interrupted", "resumable": True})
        assert after(client, run_id, last) == [end]
        whole = after(client, run_id)
        assert (words_of(whole), whole[-1]) == (kept, end)
        assert after(client, run_id, f"{len(whole) + 5}.0") == [end]
        assert '"state":"completed"' in resumed(client, run_id)
        whole = after(client, run_id)
        assert words_of(whole) == "The sum is 84."
        assert [data["text"].split() for _, name, data in whole if name == "remark"] == [
            ["one", "two"]
        ]
        assert after(client, run_id, last) == [("", "restart", {}), *whole]
        middle = next(at for at, one in enumerate(whole) if one[1] == "content")
        assert after(client, run_id, whole[middle - 1][0]) == whole[middle:]
        assert shown(client, session) == [("user", "completed"), ("assistant", "completed")]


def test_a_plan_that_a_crash_cut_goes_on_with_its_next_step(world: World) -> None:
    """It is not planned again, and steps that were done are not done again."""
    first = {"id": "a", "purpose": "x", "tool": "mark", "depends_on": [], "input": {"text": "a"}}
    more = {"tool": "math_calc", "depends_on": ["a"], "input": {"expression": "{a}"}}
    second = {**first, "id": "b", **more}
    world.double.queue(Reply(content=json.dumps({"steps": [first, second]})), Reply(fault=HANGS))
    with world.server() as (process, client), asking(client, "plan") as (run_id, session):
        world.run(world.double.arrived(2))
        assert world.effects == ["a"]
        kill(process)
    verdict = {"reasoning": "", "passed": True, "missing": []}
    world.double.queue(
        Reply(content='{"expression": "40+2"}'),
        Reply(content=json.dumps(verdict)),
        Reply(content="Done."),
    )
    with world.server() as (process, client):
        events = resumed(client, run_id)
        assert '"state":"completed"' in events
        assert (world.effects, "42" in events) == (["a"], True)
        assert events.count("event: plan") == 1
        assert events.count("event: tool_call") == events.count("event: tool_result") == 2
        assert shown(client, session) == [("user", "completed"), ("assistant", "completed")]


@pytest.mark.parametrize("background", [True, False])
def test_a_stop_signal_ends_responses_with_a_last_event(world: World, *, background: bool) -> None:
    """Whoever reads along is told; the server leaves in good order, and later it tells the same."""
    world.environ["SERVER__SHUTDOWN_GRACE_S"] = "1"
    world.double.queue(Reply(content="one two three four", fault=Fault(kind="hang", after=2)))
    body = {"model": "llama3.2@chat", "input": "Count.", "stream": True, "background": background}
    with world.server() as (process, client):
        with client.stream("POST", "/v1/responses", json=body) as answer:
            world.run(world.double.arrived(1))
            process.terminate()
            text = answer.read().decode()
        assert process.wait(timeout=20) == 0
    last = json.loads(text.strip().split("\n\n")[-1].partition("data: ")[2])
    assert last["type"] == "response.failed", text
    told = last["response"]
    assert (told["status"], "shutting down" in told["error"]["message"]) == ("failed", True)
    with world.server() as (process, client):
        found = client.get(f"/v1/responses/{told['id']}").json()
        assert (found["status"], found["error"]) == ("failed", told["error"])
