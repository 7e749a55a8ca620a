"""What goes wrong between a real server process, its model server and its clients.

Each fault ends in an error that says what it is; afterwards the server answers as before, no run is left,
and no connection to the model server. More in `test_faults_on_disk.py` and `test_faults_under_load.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from tests.fakes.ollama_double import Fault, OllamaDouble, Reply, failing
from tests.fakes.one_server import CHAT, OneServer, one_server, until
from tests.fakes.replies import HTML_PAGE

pytestmark = pytest.mark.asyncio(loop_scope="module")
HI = [{"role": "user", "content": "Hello there"}]
BODY: dict[str, Any] = {"model": "llama3.2@chat", "messages": HI}
FIRST_TOKEN_S, IDLE_S = 1, 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ollama() -> AsyncIterator[OllamaDouble]:
    """A model server that breaks when it is told to."""
    async with OllamaDouble() as double:
        yield double


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(
    ollama: OllamaDouble, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OneServer]:
    """A server with little patience."""
    given = {
        "MODELS__FIRST_TOKEN_TIMEOUT_S": str(FIRST_TOKEN_S),
        "MODELS__IDLE_TIMEOUT_S": str(IDLE_S),
    }
    folder = tmp_path_factory.mktemp("faults") / "data"
    async with one_server(folder, ollama.url, **given) as running:
        yield running


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_is_left(server: OneServer, ollama: OllamaDouble) -> AsyncIterator[None]:
    """Ask a good question after each fault; then no run lives, no upstream stream, and nothing was a bug."""
    ollama.reset()
    yield
    ollama.reset()
    answer = await server.http.post(CHAT, json=BODY)
    assert answer.json()["choices"][0]["message"]["content"] == "echo: Hello there"
    await server.idle()

    async def open_streams() -> int:
        return ollama.open_streams

    await until(open_streams, lambda found: found == 0)
    assert "Traceback" not in "".join(server.output)


HANGS_AT_ONCE = Reply(fault=Fault(kind="hang"))
CUT = Reply(content="One two three", fault=Fault(kind="cut", after=2))
GARBAGE = Reply(content="One two three", fault=Fault(kind="raw", after=2, text=b"<html>"))
STOPS = Reply(content="One two three", fault=Fault(kind="hang", after=2))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        pytest.param(HANGS_AT_ONCE, 504, "upstream_timeout", id="hanging"),
        pytest.param(failing(500, "it broke"), 502, "upstream_error", id="500"),
        pytest.param(failing(429, "slow down"), 503, "overloaded", id="429"),
        pytest.param(
            Reply(raw=HTML_PAGE, content_type="text/html"), 502, "upstream_garbage", id="garbage"
        ),
    ],
)
async def test_a_model_server_that_fails_before_its_first_word(
    server: OneServer, ollama: OllamaDouble, reply: Reply, status: int, code: str, *, stream: bool
) -> None:
    """The client gets a status and a code, streamed or not; a stream that has begun gets an error event."""
    ollama.queue(reply)
    answer = await server.http.post(CHAT, json={**BODY, "stream": stream})
    error = answer.json() if answer.status_code != 200 else last_event(answer.text)
    assert error["error"]["code"] == code
    assert answer.status_code == status or (stream and code == "upstream_timeout")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param(CUT, "upstream_cut", id="cut"),
        pytest.param(GARBAGE, "upstream_garbage", id="garbage"),
        pytest.param(STOPS, "upstream_timeout", id="silent"),
    ],
)
async def test_a_model_server_that_fails_in_the_middle(
    server: OneServer, ollama: OllamaDouble, reply: Reply, code: str
) -> None:
    """What was said is kept in the session and marked as failed; the stream ends with an error."""
    ollama.queue(reply)
    answer = await server.http.post(CHAT, json={**BODY, "stream": True, "store": True})
    assert last_event(answer.text)["error"]["code"] == code
    session = f"/api/conversations/{answer.headers['x-session-id']}"
    said = (await server.http.get(session)).json()["messages"][-1]
    assert (said["message"]["content"], said["state"]) == ("One two", "failed")


async def test_a_slow_model_server_is_waited_for(server: OneServer, ollama: OllamaDouble) -> None:
    """An answer that takes longer than every time-out, a word at a time, comes whole."""
    ollama.queue(Reply(content="One two three four five", tokens_per_second=2.0))
    begun_s = time.monotonic()
    answer = await server.http.post(CHAT, json=BODY)
    assert answer.json()["choices"][0]["message"]["content"] == "One two three four five"
    assert time.monotonic() - begun_s > FIRST_TOKEN_S + IDLE_S


async def test_a_model_server_that_is_down_and_comes_back(
    server: OneServer, ollama: OllamaDouble
) -> None:
    """Its models say where it was looked for, the built-in one answers, and nothing need be restarted."""
    port = int(ollama.url.rpartition(":")[2])
    await ollama.stop()
    down = await server.http.post(CHAT, json=BODY)
    builtin = await server.http.post(CHAT, json={**BODY, "model": "builtin"})
    await ollama.start(port)
    assert (down.status_code, down.json()["error"]["code"]) == (503, "upstream_unreachable")
    assert str(port) in down.json()["error"]["message"]
    assert builtin.status_code == 200


@pytest.mark.parametrize("how", ["closed", "reset"])
async def test_a_client_that_goes_away_frees_the_model_server(
    server: OneServer, ollama: OllamaDouble, how: str
) -> None:
    """Within a second, whether it says goodbye or not."""
    endless = Reply(count=100_000, tokens_per_second=20)
    ollama.queue(endless)
    reader, writer = await server.connect()
    writer.write(server.request({**BODY, "stream": True}))
    await reader.readuntil(b'"content":"')
    received = ollama.chats[-1]
    left_s = time.monotonic()
    writer.close() if how == "closed" else writer.transport.abort()
    async with asyncio.timeout(30):
        await received.cancelled.wait()
    assert time.monotonic() - left_s < 1


def last_event(text: str) -> Any:
    """Read the last event of a stream that is not its end mark."""
    events = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return orjson.loads([one for one in events if one != "[DONE]"][-1])
