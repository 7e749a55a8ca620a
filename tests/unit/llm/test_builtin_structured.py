"""The built-in model under a schema: plans, verdicts, tool inputs."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from tests.fakes.builtin_asking import DUNE, FRANCE, ICELAND, ask
from tests.fakes.schema_checker import problems


class MathInput(BaseModel):
    """Calculates."""

    model_config = ConfigDict(extra="forbid")
    expression: str = Field(max_length=200)


class WikiInput(BaseModel):
    """Looks up facts."""

    model_config = ConfigDict(extra="forbid")
    query: str
    action: Literal["summary", "search"] = "summary"


class WeatherInput(BaseModel):
    """Tells the weather."""

    model_config = ConfigDict(extra="forbid")
    place: str
    days: int = Field(default=3, ge=1, le=16)


class WebInput(BaseModel):
    """Searches the web."""

    model_config = ConfigDict(extra="forbid")
    query: str


def step_model(tool: str, inputs: type[BaseModel]) -> type[BaseModel]:
    """Make the step model of one tool, as a planner would."""
    return create_model(
        f"Step_{tool}",
        __config__=ConfigDict(extra="forbid"),
        id=(str, ...),
        purpose=(str, ...),
        tool=(Literal[tool], ...),
        input=(inputs, ...),
        depends_on=(list[str], ...),
    )


STEPS = [
    step_model("math_calc", MathInput),
    step_model("wikipedia", WikiInput),
    step_model("weather", WeatherInput),
    step_model("web_search", WebInput),
]
STEP = Annotated[STEPS[0] | STEPS[1] | STEPS[2] | STEPS[3], Field(discriminator="tool")]


class Plan(BaseModel):
    """What to do."""

    steps: list[STEP] = Field(max_length=8)  # pyright: ignore[reportInvalidTypeForm]


class Verdict(BaseModel):
    """Whether the results suffice."""

    reasoning: str
    passed: bool
    missing: list[str]


PLANS: list[tuple[str, list[tuple[str, str, dict, list[str]]]]] = [
    (
        "<question>\nCompare the populations of France and Germany, and what is 12*7?\n</question>",
        [
            ("s1", "wikipedia", {"query": "France"}, []),
            ("s2", "wikipedia", {"query": "Germany"}, []),
            ("s3", "math_calc", {"expression": "12*7"}, []),
        ],
    ),
    (
        "Plan it.\n<question>What is the population of Iceland divided by 3?</question>",
        [
            ("s1", "wikipedia", {"query": "Iceland"}, []),
            ("s2", "math_calc", {"expression": "{s1} / 3"}, ["s1"]),
        ],
    ),
    (
        "<question>What is the weather in the capital of France?</question>",
        [
            ("s1", "wikipedia", {"query": "France"}, []),
            ("s2", "weather", {"place": "{s1}"}, ["s1"]),
        ],
    ),
    (
        "<question>What is 12*7 and what is the weather in Paris?</question>\n"
        "<missing>\n- what is the weather in Paris?\n</missing>\n"
        '<result id="s1" state="ok">12*7 = 84</result>',
        [("s2", "weather", {"place": "Paris"}, [])],
    ),
    (
        "<question>When was Marie Curie born?</question>\n<missing>When was Marie Curie born?</missing>\n"
        '<result id="s1" state="failed">no answer within 15 s</result>',
        [("s2", "web_search", {"query": "When was Marie Curie born"}, [])],
    ),
    (
        "<question>What is the population of Iceland divided by 3?</question>"
        "<missing>What is the population of Iceland divided by 3?</missing>"
        f'<result id="s1" state="ok">{ICELAND}</result>',
        [("s3", "math_calc", {"expression": "393600 / 3"}, [])],
    ),
    ("<question>Hello there</question>", []),
]


@pytest.mark.parametrize(("prompt", "steps"), PLANS)
async def test_a_plan_holds_the_parts_and_their_order(
    prompt: str, steps: list[tuple[str, str, dict, list[str]]]
) -> None:
    """The plan validates against its own schema; gaps are planned alone, another source tried first."""
    schema = Plan.model_json_schema()
    text = (await ask(prompt, response_schema=schema)).text
    plan = Plan.model_validate_json(text)
    made = [
        (one.id, one.tool, one.input.model_dump(exclude_defaults=True), one.depends_on)
        for one in plan.steps
    ]
    assert (made, problems(json.loads(text), schema)) == (steps, [])


async def test_a_plan_that_must_have_a_step_has_one() -> None:
    """A question that needs nothing still gives a plan that validates."""
    schema = Plan.model_json_schema()
    schema["properties"]["steps"]["minItems"] = 1
    text = (await ask("<question>hello</question>", response_schema=schema)).text
    assert problems(json.loads(text), schema) == []


ASKED = "<question>What is 12*7 and what is the weather in Paris?</question>"
VERDICTS: list[tuple[str, tuple[bool, list[str]]]] = [
    (
        ASKED + '<result id="s1" state="ok">12*7 = 84</result>'
        '<result id="s2" state="ok">Paris: 14 degrees</result>',
        (True, []),
    ),
    (
        ASKED + '<result id="s1" state="ok">12*7 = 84</result>'
        '<result id="s2" state="failed">no answer within 15 s</result>',
        (False, ["what is the weather in Paris?"]),
    ),
    (ASKED, (False, ["What is 12*7", "what is the weather in Paris?"])),
    (
        "<question>Who wrote Dune?</question>" + f'<result id="s1" state="ok">{DUNE}</result>',
        (True, []),
    ),
    (
        '<question>Who wrote Dune?</question><result id="s1" state="ok">No results found.</result>',
        (False, ["Who wrote Dune?"]),
    ),
]


@pytest.mark.parametrize(("prompt", "outcome"), VERDICTS)
async def test_a_verdict_passes_when_every_part_has_a_result(
    prompt: str, outcome: tuple[bool, list[str]]
) -> None:
    """What is missing is named by its part of the question."""
    text = (await ask(prompt, response_schema=Verdict.model_json_schema())).text
    verdict = Verdict.model_validate_json(text)
    assert (verdict.passed, verdict.missing) == outcome


CHAINED = "<question>What is the population of Iceland divided by 3?</question>"
INPUTS: list[tuple[type[BaseModel], str, dict]] = [
    (
        MathInput,
        f'{CHAINED}<purpose>Calculate: {{s1}} / 3</purpose><result id="s1" state="ok">{ICELAND}</result>',
        {"expression": "393600 / 3"},
    ),
    (
        MathInput,
        f'{CHAINED}<purpose>Divide it</purpose><result id="s1" state="ok">{ICELAND}</result>',
        {"expression": "393600 / 3"},
    ),
    (
        WeatherInput,
        "<question>What is the weather in the capital of France?</question><purpose>The weather there</purpose>"
        f'<result id="s1" state="ok">{FRANCE}</result>',
        {"place": "Paris"},
    ),
    (
        WikiInput,
        "<question>Who wrote Dune?</question><purpose>Find out: Who wrote Dune?</purpose>",
        {"query": "Dune"},
    ),
]


@pytest.mark.parametrize(("model", "prompt", "made"), INPUTS)
async def test_a_tool_input_is_filled_from_the_results(
    model: type[BaseModel], prompt: str, made: dict
) -> None:
    """Numbers and names come from the results, and the input validates."""
    schema = {**model.model_json_schema(), "title": "ToolInput"}
    text = (await ask(prompt, response_schema=schema)).text
    assert model.model_validate_json(text).model_dump(exclude_unset=True) == made


async def test_a_final_answer_is_put_together_from_result_blocks() -> None:
    """Figures and markers are kept, a failed step is told."""
    results = f'<result id="s1" state="ok">{ICELAND}</result><result id="s2" state="ok">393600 / 3 = 131200</result>'
    text = (await ask(f"Answer from the results.\n{CHAINED}{results}")).text
    assert "393,600 in 2024. [1]" in text
    assert text.endswith("393600 / 3 = 131200")
    failed = f'{ASKED}<result id="s1" state="ok">12*7 = 84</result><result id="s2" state="failed">no answer</result>'
    assert (await ask(failed)).text == "12*7 = 84\n\nOne step failed: no answer"


async def test_json_mode_gives_an_object() -> None:
    """Without a schema the answer stands under one name."""
    assert json.loads((await ask("What is 3+4?", response_schema="json")).text) == {
        "answer": "3+4 = 7"
    }


def test_the_plan_schema_of_these_tests_is_what_a_planner_sends() -> None:
    """The doubles are discriminated by the tool's name, as decided for plans."""
    items = Plan.model_json_schema()["properties"]["steps"]["items"]
    assert len(items["oneOf"]) == 4
    assert TypeAdapter(dict).validate_python(items)["discriminator"]["propertyName"] == "tool"
