"""The name of a faulty field is OpenAI's, whatever the validator's location holds beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from backend.api.errors import param_name


class Cat(BaseModel):
    """One kind."""

    type: Literal["cat"]
    cat: dict[str, int]


class Dog(BaseModel):
    """Another kind."""

    type: Literal["dog"]
    names: list[str] | int


class Request(BaseModel):
    """Something with unions in it."""

    pet: Annotated[Cat | Dog, Field(discriminator="type")]
    any_pet: Cat | Dog | None = None
    few: dict[Annotated[str, Field(max_length=2)], Annotated[int, AfterValidator(abs)]] = {}


REQUEST = TypeAdapter(Request)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "pet"),
        ({"pet": 5}, "pet"),
        ({"pet": {"type": "cow"}}, "pet"),
        ({"pet": {"type": "cat"}}, "pet.cat"),
        ({"pet": {"type": "cat", "cat": 5}}, "pet.cat"),
        ({"pet": {"type": "cat", "cat": {"cat": "x"}}}, "pet.cat.cat"),
        ({"pet": {"type": "dog"}}, "pet.names"),
        ({"pet": {"type": "dog", "names": [1]}}, "pet.names[0]"),
        ({"pet": {"type": "dog", "names": "x"}}, "pet.names"),
        ({"pet": {"type": "dog", "names": 1}, "any_pet": {"type": "cat"}}, "any_pet.cat"),
        ({"pet": {"type": "dog", "names": 1}, "few": {"a": "x"}}, "few.a"),
        ({"pet": {"type": "dog", "names": 1}, "few": {"aaa": 1}}, "few.aaa"),
        ({"pet": {"type": "dog", "names": 1}, "few": {"int": "x"}}, "few.int"),
    ],
)
def test_a_field_is_named_without_the_tags_of_unions(given: Any, name: str) -> None:
    """Also where a tag is called like a field."""
    with pytest.raises(ValidationError) as caught:
        REQUEST.validate_python(given)
    fault = caught.value.errors()[0]
    assert param_name(fault["loc"], given, missing=fault["type"] == "missing") == name
