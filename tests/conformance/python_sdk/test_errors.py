"""Failures as openai-python's own exceptions: class, status, code, param, type and request id."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.fakes.completions import HI, MODEL, weather_tool
from tests.fakes.ollama_double import Call, Fault, OllamaDouble, Reply
from tests.fakes.threaded_server import Served


def ask(client: OpenAI, *, stream: bool, **body: Any) -> Any:
    given: Any = {"model": MODEL, "messages": HI, "stream": stream, **body}
    answer = client.chat.completions.create(**given)
    return list(answer) if stream else answer


both = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])


@both
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"presence_penalty": 2.5}, "presence_penalty"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"n": 0}, "n"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs"),
        ({"reasoning_effort": "utmost"}, "reasoning_effort"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [weather_tool()], "tool_choice": "some"}, "tool_choice"),
        ({"tools": [weather_tool("a b")]}, "tools[0].function.name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_request_names_its_field(
    client: OpenAI, body: dict[str, Any], param: str, *, stream: bool
) -> None:
    """BadRequestError, before the model is asked."""
    with pytest.raises(openai.BadRequestError) as failed:
        ask(client, stream=stream, **body)
    error = failed.value
    assert (error.param, error.type) == (param, "invalid_request_error")
    assert str(error.request_id).startswith("req_")


@both
def test_an_unknown_model_is_not_found(client: OpenAI, *, stream: bool) -> None:
    """With the code that clients look for."""
    with pytest.raises(openai.NotFoundError) as failed:
        ask(client, stream=stream, model="none")
    error = failed.value
    assert (error.code, error.param, error.type) == (
        "model_not_found",
        "model",
        "invalid_request_error",
    )


@both
def test_a_wrong_key_is_an_authentication_error(served: Served, *, stream: bool) -> None:
    """With OpenAI's code."""
    with (
        OpenAI(base_url=served.base_url, api_key="sk-wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as failed,
    ):
        ask(client, stream=stream)
    assert (failed.value.code, failed.value.status_code) == ("invalid_api_key", 401)


@both
@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(status=500, error="boom"), 502),
        (Reply(status=503, error="server busy"), 503),
        (Reply(raw=b"<html>", content_type="text/html"), 502),
        (Reply(fault=Fault(kind="end")), 502),
    ],
    ids=["fails", "is busy", "answers a page", "says nothing"],
)
def test_an_upstream_that_fails_at_once_is_a_status(
    client: OpenAI, ollama: OllamaDouble, reply: Reply, status: int, *, stream: bool
) -> None:
    """Streamed too: no 200 that breaks off."""
    ollama.queue(reply)
    with pytest.raises(openai.InternalServerError) as failed:
        ask(client, stream=stream)
    assert (failed.value.status_code, failed.value.body is None) == (status, False)


def test_a_failure_inside_a_stream_is_raised(client: OpenAI, ollama: OllamaDouble) -> None:
    """The words before it arrive; then APIError with its code, never a quiet end."""
    ollama.queue(Reply(content="a b c", fault=Fault(kind="error", after=2, text=b"runner died")))
    stream = client.chat.completions.create(model=MODEL, messages=HI, stream=True)
    seen: list[Any] = []
    with pytest.raises(openai.APIError) as failed:
        seen.extend(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in seen).startswith("a")
    assert failed.value.code


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda client: client.models.retrieve("none"), openai.NotFoundError),
        (lambda client: client.get("/nothing", cast_to=object), openai.NotFoundError),
        (lambda client: client.put("/chat/completions", cast_to=object), openai.APIStatusError),
        (
            lambda client: client.post("/chat/completions", cast_to=object, body=[]),
            openai.BadRequestError,
        ),
        (lambda client: client.post("/chat/completions", cast_to=object), openai.BadRequestError),
    ],
    ids=["a model", "a path", "a method", "a list", "nothing"],
)
def test_other_mistakes_have_their_classes(client: OpenAI, call: Any, kind: Any) -> None:
    """All with OpenAI's error object."""
    with pytest.raises(kind) as failed:
        call(client)
    assert {"message", "type", "param", "code"} <= dict(failed.value.body).keys()


def test_a_retry_that_would_repeat_work_is_not_made(served: Served, ollama: OllamaDouble) -> None:
    """A run that used a tool before it failed says x-should-retry: false."""
    ollama.queue(
        Reply(calls=[Call(name="math_eval", arguments={"expression": "1+1"})]),
        Reply(status=500, error="boom"),
    )
    with (
        OpenAI(base_url=served.base_url, api_key=served.token, max_retries=2) as client,
        pytest.raises(openai.InternalServerError) as failed,
    ):
        client.chat.completions.create(
            model="llama3.2@react", messages=[{"role": "user", "content": "What is 1+1?"}]
        )
    assert failed.value.response.headers["x-should-retry"] == "false"
    assert failed.value.response.request.headers["x-stainless-retry-count"] == "0"


def test_a_busy_moment_is_retried(served: Served, ollama: OllamaDouble) -> None:
    """The client asks again by itself, and gets its answer."""
    ollama.queue(Reply(status=503, error="server busy"), Reply(content="Now."))
    with OpenAI(base_url=served.base_url, api_key=served.token, max_retries=1) as client:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=HI)
    assert raw.parse().choices[0].message.content == "Now."
    assert raw.retries_taken == 1


def test_a_bad_request_is_not_retried(served: Served, ollama: OllamaDouble) -> None:
    """It would fail again."""
    with (
        OpenAI(base_url=served.base_url, api_key=served.token, max_retries=2) as client,
        pytest.raises(openai.BadRequestError) as failed,
    ):
        client.chat.completions.create(model=MODEL, messages=HI, temperature=9)
    assert failed.value.response.request.headers["x-stainless-retry-count"] == "0"


@both
def test_a_slow_answer_times_out_at_the_client(
    client: OpenAI, ollama: OllamaDouble, *, stream: bool
) -> None:
    """And the upstream is let go, so that nobody waits for an answer that nobody reads."""
    ollama.queue(Reply(fault=Fault(kind="hang")))
    quick = client.with_options(timeout=httpx.Timeout(0.3))
    with pytest.raises(openai.APITimeoutError):
        ask(quick, stream=stream)
