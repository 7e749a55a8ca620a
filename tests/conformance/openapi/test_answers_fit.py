"""Every answer, event and error of the table fits OpenAI's own document."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest

from tests.conformance.openapi.corpus import ASKS, FAULTS, Ask, Bad
from tests.conformance.openapi.other_endpoints import OTHER_ASKS
from tests.fakes.capable_model import capable
from tests.fakes.completions import CHAT
from tests.fakes.ollama_double import Fault, Reply
from tests.fakes.openai_document import STREAM, checker, events, stream_faults
from tests.fakes.threaded_server import Served

ALL = [*ASKS, *OTHER_ASKS]
STREAMED_FAULTS = [
    dataclasses.replace(bad, name=f"streamed: {bad.name}", body={**bad.body, "stream": True})
    for bad in FAULTS
    if bad.path == CHAT and bad.body and "stream" not in bad.body
]


def send(served: Served, ask: Ask, **more: Any) -> httpx.Response:
    served.ollama.queue(*ask.replies)
    served.ollama.script(capable)
    body = None if ask.body is None else {**ask.body, **more}
    with served.http() as http:
        path = ask.path.format(**ask.made(http))
        if ask.form:
            return http.request(ask.method, path, data=body, files=ask.files)
        return http.request(ask.method, path, json=body)


@pytest.mark.parametrize("ask", ALL, ids=lambda ask: ask.name)
def test_an_answer_fits(served: Served, ask: Ask) -> None:
    """Types, enums, nullability and what must be there."""
    answer = send(served, ask)
    assert answer.status_code == ask.status, answer.text
    check = checker(ask.path, ask.method, ask.status)
    assert check(answer.json()) == []


@pytest.mark.parametrize("ask", [ask for ask in ALL if ask.streams], ids=lambda ask: ask.name)
def test_every_event_of_a_stream_fits(served: Served, ask: Ask) -> None:
    """None is left out, to the last."""
    answer = send(served, ask, stream=True)
    assert answer.status_code == ask.status, answer.text
    check = checker(ask.path, ask.method, ask.status, STREAM)
    assert stream_faults(answer.text, check) == []
    assert len(list(events(answer.text))) > 1


@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask.streams], ids=lambda ask: ask.name)
def test_every_chunk_fits_with_usage_asked_for(served: Served, ask: Ask) -> None:
    """It stands in one last chunk before [DONE]."""
    answer = send(served, ask, stream=True, stream_options={"include_usage": True})
    assert stream_faults(answer.text, checker(ask.path, ask.method, ask.status, STREAM)) == []
    *chunks, done = events(answer.text)
    assert (done, chunks[-1]["choices"], chunks[-1]["usage"] is None) == ("[DONE]", [], False)


@pytest.mark.parametrize("bad", [*FAULTS, *STREAMED_FAULTS], ids=lambda bad: bad.name)
def test_an_error_fits(served: Served, bad: Bad) -> None:
    """An error before the first token is a status, streamed or not."""
    served.ollama.queue(*bad.replies)
    given = {"content": bad.raw} if bad.raw is not None else {"json": bad.body}
    with served.http(bad.token) as http:
        answer = http.request(bad.method, bad.path, headers=bad.headers, **given)
    assert answer.status_code == bad.status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert checker("ErrorResponse")(answer.json()) == []
    assert answer.headers["x-request-id"]


def test_a_failure_inside_a_stream_is_an_error_event(served: Served) -> None:
    """What came before it fits, and nothing follows that would say that all went well."""
    [ask] = [one for one in ASKS if one.name == "text"]
    served.ollama.queue(Reply(content="a b c", fault=Fault(kind="cut", after=2)))
    answer = send(served, Ask(ask.name, ask.body), stream=True)
    *chunks, last = [data for data in events(answer.text) if data != "[DONE]"]
    assert checker("ErrorResponse")(last) == []
    check = checker(ask.path, ask.method, 200, STREAM)
    assert [fault for chunk in chunks for fault in check(chunk)] == []
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)
