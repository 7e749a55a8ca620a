from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from backend import tools
from backend.agent.toolbox import Toolbox, ToolboxParts, ToolCard
from backend.bootstrap.parts import settle_tools
from backend.ports.tools import ToolArgs, ToolOptions, Touch
from backend.storage.stores import memory_stores
from tests.fakes.instant_clock import InstantClock

MODULES = [
    importlib.import_module(f"backend.tools.{found.name}")
    for found in pkgutil.iter_modules(tools.__path__)
]
UNITS = ("_s", "_ms", "_bytes", "_chars", "_rows", "_days", "_digits", "_cells", "_mib", "_columns")
# Words after max_/min_ that say by themselves what is counted.
COUNTED = ("results", "values", "files", "depth", "steps", "processes", "places", "items", "levels")
UNSPEAKABLE = {"$defs", "$ref", "anyOf", "oneOf", "allOf", "not", "patternProperties"}


@pytest.fixture(params=MODULES, ids=[module.__name__.rsplit(".", 1)[-1] for module in MODULES])
def tool(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for child in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(child, dict | list):
            yield from nodes(child)


def test_tools_are_found_in_the_folder():
    """A shared test over nothing would always pass."""
    assert MODULES


def test_the_name_is_the_file_name(tool):
    """Discovery by folder relies on it."""
    assert tool.__name__.rsplit(".", 1)[-1] == tool.NAME


def test_the_description_is_short_and_gives_an_example(tool):
    """Small models read it on every turn."""
    assert 0 < len(tool.DESCRIPTION) <= 600
    assert "{" in tool.DESCRIPTION


def test_the_schema_is_one_flat_object(tool):
    """Grammars of small models and of Ollama choke on references and alternatives."""
    schema = tool.Args.model_json_schema()
    used = {key for node in nodes(schema) for key in node}
    assert issubclass(tool.Args, ToolArgs)
    assert schema["type"] == "object"
    assert used & UNSPEAKABLE == set()
    assert {part["type"] for part in schema["properties"].values()} <= {
        "string", "integer", "number", "boolean", "array",
    }  # fmt: skip


def test_every_argument_is_described(tool):
    """The description is all a model knows of an argument."""
    properties = tool.Args.model_json_schema()["properties"]
    assert [name for name, part in properties.items() if not part.get("description")] == []


def test_null_counts_as_not_given():
    """Small models fill every optional field with null; a required one must still be given."""

    class Probe(ToolArgs):
        wanted: str
        more: str = "default"

    assert Probe.model_validate({"wanted": "x", "more": None}) == Probe(wanted="x")
    with pytest.raises(ValidationError, match="Field required"):
        Probe.model_validate({"wanted": None})


def test_every_option_has_a_default(tool):
    """A server without settings must start."""
    assert issubclass(tool.Options, ToolOptions)
    assert tool.Options() == tool.Options()


def test_numbers_among_the_options_carry_their_unit(tool):
    """`timeout` says nothing, `timeout_s` does."""
    properties = tool.Options.model_json_schema()["properties"]
    numbers = [
        name for name, part in properties.items() if part.get("type") in {"integer", "number"}
    ]
    assert [n for n in numbers if not n.endswith(UNITS) and n.split("_")[-1] not in COUNTED] == []


def test_what_a_tool_touches_is_declared(tool):
    """The toolbox decides on approval by it."""
    assert isinstance(tool.TOUCHES, frozenset)
    assert set(get_args(Touch)) >= tool.TOUCHES != frozenset()


class Failing:
    """A tool whose test has a bug."""

    async def settle(self) -> str:
        raise RuntimeError("a bug")

    async def run(self, args, context):
        raise NotImplementedError


async def test_a_tool_whose_test_fails_is_off_and_not_in_its_test_for_ever():
    """With a reason that leads to the log."""
    card = ToolCard(
        name="failing",
        description="Fails.",
        args=ToolArgs,
        touches=frozenset({"computes"}),
        pending=Failing(),
        unavailable="checking",
    )
    stores = memory_stores()
    toolbox = Toolbox([card], ToolboxParts(audit=stores.audit, clock=InstantClock()))
    await settle_tools(toolbox)
    reason = "it broke while it tried itself: RuntimeError; see the log"
    assert toolbox.cards[0].unavailable == reason
