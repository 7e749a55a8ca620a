"""What else the client does: models, headers, raw responses, its own defaults."""

from __future__ import annotations

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.fakes.completions import HI, MODEL
from tests.fakes.ollama_double import FakeModel, OllamaDouble, Reply
from tests.fakes.threaded_server import Served


def test_the_models_can_be_listed(client: OpenAI) -> None:
    """As a page that iterates over itself."""
    page = client.models.list()
    assert page.object == "list"
    names = [model.id for model in page]
    assert {"llama3.2", "qwen3:8b"} <= {name.removesuffix(":latest") for name in names}
    assert {model.object for model in page} == {"model"}
    assert all(model.owned_by and model.created >= 0 for model in page)


async def test_the_asynchronous_client_lists_too(aclient: AsyncOpenAI) -> None:
    """With `async for` over the list itself."""
    names = [model.id async for model in aclient.models.list()]
    assert len(names) == len(set(names)) > 3


@pytest.mark.parametrize("name", ["llama3.2", "llama3.2:latest", "qwen3:8b"])
def test_a_model_is_described_under_its_name(client: OpenAI, name: str) -> None:
    """With its tag or without."""
    model = client.models.retrieve(name)
    assert (model.id.removesuffix(":latest"), model.object) == (
        name.removesuffix(":latest"),
        "model",
    )


def test_every_listed_model_can_be_retrieved(client: OpenAI) -> None:
    """By the id that the list gave."""
    for model in client.models.list():
        assert client.models.retrieve(model.id) == model


def test_names_with_slashes_and_colons_work(client: OpenAI, served: Served) -> None:
    """As models of Hugging Face have them."""
    name = "hf.co/someone/some-model:Q4_K_M"
    served.ollama.catalogue.models[name] = FakeModel()
    try:
        assert client.models.retrieve(name).id == name
        answer = client.chat.completions.create(model=name, messages=HI)
        assert answer.model == name
    finally:
        del served.ollama.catalogue.models[name]


def test_the_raw_response_has_openais_headers(client: OpenAI) -> None:
    """The request id is the one that the parsed object knows."""
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=HI)
    assert raw.headers["content-type"] == "application/json"
    assert raw.request_id == raw.headers["x-request-id"] == raw.parse()._request_id


def test_a_raw_stream_has_them_too(client: OpenAI) -> None:
    """And is sent as events that nobody keeps or packs."""
    with client.chat.completions.with_streaming_response.create(
        model=MODEL, messages=HI, stream=True
    ) as raw:
        assert raw.headers["content-type"].startswith("text/event-stream")
        assert raw.headers["cache-control"] == "no-cache"
        assert "content-encoding" not in raw.headers
        assert str(raw.headers["x-request-id"]).startswith("req_")
        lines = [line for line in raw.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"


def test_a_request_id_of_the_caller_is_not_needed(client: OpenAI) -> None:
    """Two answers have two."""
    ids = {client.models.list()._request_id for _ in range(2)}
    assert len(ids) == 2


def test_headers_and_query_that_clients_add_do_no_harm(
    client: OpenAI, ollama: OllamaDouble
) -> None:
    """Organisations, projects, beta marks, api versions."""
    ollama.queue(Reply(content="Fine."))
    answer = client.with_options(
        default_headers={"OpenAI-Organization": "o", "OpenAI-Project": "p", "OpenAI-Beta": "x=v2"},
        default_query={"api-version": "2026-01-01"},
    ).chat.completions.create(model=MODEL, messages=HI, extra_body={"unheard_of": {"a": [1]}})
    assert answer.choices[0].message.content == "Fine."


def test_the_default_client_works_as_it_is(served: Served) -> None:
    """Address and key alone."""
    with OpenAI(base_url=served.base_url, api_key=served.token) as client:
        answer = client.chat.completions.create(model=MODEL, messages=HI)
    assert answer.choices[0].message.content


def test_what_steward_adds_can_be_read_or_left(client: OpenAI) -> None:
    """The extra object keeps its name, and everything else is OpenAI's."""
    answer = client.chat.completions.create(model=MODEL, messages=HI)
    assert answer.model_extra is not None
    assert set(answer.model_extra) == {"x_agent"}
