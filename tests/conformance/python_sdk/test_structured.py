"""Structured output through openai-python: response_format in its forms, and `.parse`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pytest
from openai import (
    AsyncOpenAI,
    BadRequestError,
    InternalServerError,
    LengthFinishReasonError,
    OpenAI,
)
from pydantic import BaseModel

from tests.fakes.capable_model import capable
from tests.fakes.completions import HI, MODEL
from tests.fakes.ollama_double import OllamaDouble, Reply
from tests.fakes.sdk_chat import Chat

ADA = '{"name": "Ada", "age": 36}'
BROKEN = '{"name": "Ada", "age'


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


class Kind(StrEnum):
    """A kind of place."""

    CITY = "city"
    VILLAGE = "village"


class Place(BaseModel):
    """A place with places in it."""

    name: str
    kind: Kind
    note: str | None
    people: list[Person]
    parts: list[Place]


def schema(**more: Any) -> Any:
    named = {"name": "person", "schema": Person.model_json_schema(), **more}
    return {"type": "json_schema", "json_schema": named}


@pytest.mark.parametrize("way", ["plain", "streamed"])
def test_a_json_object_is_json(client: OpenAI, ollama: OllamaDouble, way: str) -> None:
    """Ollama's own JSON mode; the stream helper takes models and schemas alone."""
    ollama.queue(Reply(content=ADA))
    said = Chat(client, way)(response_format={"type": "json_object"})
    assert json.loads(said.content) == {"name": "Ada", "age": 36}
    assert ollama.chats[-1].body["format"] == "json"


@pytest.mark.parametrize("strict", [{}, {"strict": True}, {"strict": False}], ids=str)
def test_a_schema_reaches_the_model(
    chat: Chat, ollama: OllamaDouble, strict: dict[str, bool]
) -> None:
    """As Ollama's `format`, strict or not."""
    ollama.script(capable)
    said = chat(response_format=schema(**strict))
    assert set(json.loads(said.content)) == {"name", "age"}
    assert set(ollama.chats[-1].body["format"]["properties"]) == {"name", "age"}


def test_parse_gives_the_model(client: OpenAI, ollama: OllamaDouble) -> None:
    """From the answer's text."""
    ollama.queue(Reply(content=ADA))
    answer = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Person)
    assert answer.choices[0].message.parsed == Person(name="Ada", age=36)
    assert answer.choices[0].message.refusal is None


def test_a_schema_with_references_enums_and_recursion_is_kept(
    client: OpenAI, ollama: OllamaDouble
) -> None:
    """As pydantic writes it."""
    place = Place(name="Oslo", kind=Kind.CITY, note=None, people=[], parts=[])
    ollama.queue(Reply(content=place.model_dump_json()))
    answer = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Place)
    assert answer.choices[0].message.parsed == place
    assert {"Kind", "Person"} <= ollama.chats[-1].body["format"]["$defs"].keys()


def test_the_stream_helper_parses_at_the_end(client: OpenAI, ollama: OllamaDouble) -> None:
    """And shows what it has in between."""
    ollama.queue(Reply(content=ADA))
    with client.chat.completions.stream(model=MODEL, messages=HI, response_format=Person) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Person(name="Ada", age=36)
    [done] = [one for one in events if one.type == "content.done"]
    assert done.parsed == Person(name="Ada", age=36)


async def test_the_asynchronous_client_parses(aclient: AsyncOpenAI, ollama: OllamaDouble) -> None:
    """The same."""
    ollama.queue(Reply(content=ADA))
    answer = await aclient.chat.completions.parse(model=MODEL, messages=HI, response_format=Person)
    assert answer.choices[0].message.parsed == Person(name="Ada", age=36)


def test_an_answer_cut_short_is_told_as_such(client: OpenAI, ollama: OllamaDouble) -> None:
    """The client raises its own error for finish_reason length."""
    ollama.queue(Reply(content=BROKEN, done_reason="length"))
    with pytest.raises(LengthFinishReasonError):
        client.chat.completions.parse(model=MODEL, messages=HI, response_format=Person)


def test_broken_json_never_ends_with_stop(client: OpenAI, ollama: OllamaDouble) -> None:
    """It is an error, however often the model tries."""
    ollama.script(lambda _: Reply(content=BROKEN))
    with pytest.raises(InternalServerError) as failed:
        client.chat.completions.create(
            model=MODEL, messages=HI, response_format=schema(strict=True)
        )
    assert failed.value.status_code == 502


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"type": "yaml"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema"),
        (
            {"type": "json_schema", "json_schema": {"schema": {}}},
            "response_format.json_schema.name",
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}},
            "response_format.json_schema.name",
        ),
    ],
    ids=["unknown type", "no schema", "no name", "a name with a space"],
)
def test_a_wrong_format_is_refused_by_name(client: OpenAI, form: Any, param: str) -> None:
    """Before the model is asked."""
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=HI, response_format=form)
    assert refused.value.param == param
