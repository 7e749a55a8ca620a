"""Tools written for LangChain work as ours: named, checked, bounded, and broken ones only off."""

from __future__ import annotations

import asyncio
import json

import pytest

from backend.agent.toolbox import Toolbox, ToolboxParts
from backend.bootstrap.community import community_cards
from backend.bootstrap.parts import check_tools
from backend.config.errors import SettingsError
from backend.config.settings import load_settings
from backend.kit.clocks import SystemClock
from backend.ports.tools import ToolContext
from tests.fakes import langchain_tools as strangers

HERE = "tests.fakes.langchain_tools"
CONTEXT = ToolContext(user_id="user_1")


@pytest.fixture(autouse=True)
def fresh():
    """Let every hanging thread of the test before go."""
    strangers.released.clear()
    strangers.seen.clear()
    yield
    strangers.released.set()


def settings_of(tmp_path, imports, **more):
    value = imports if isinstance(imports, str) else json.dumps(imports)
    environ = {"TOOLS__COMMUNITY__IMPORTS": value, **more}
    return load_settings(env_file=tmp_path / ".env", environ=environ)


def cards_of(tmp_path, *imports, taken=(), **more):
    return community_cards(settings_of(tmp_path, list(imports), **more), SystemClock(), taken=taken)


class Audit:
    """Rows by id, for a user that no store knows."""

    def __init__(self):
        self.kept = {}

    @property
    def rows(self):
        return list(self.kept.values())

    async def put(self, row):
        self.kept[row.id] = row

    async def begin(self, row):
        await self.put(row)

    add = put


class Box:
    """A toolbox of the imported tools, as the agent has one."""

    def __init__(self, cards, **bounds):
        self.audit = Audit()
        parts = ToolboxParts(audit=self.audit, clock=SystemClock(), **bounds)
        self.toolbox = Toolbox(cards, parts)

    async def call(self, name, **arguments):
        outcome = await self.toolbox.call(name, arguments, CONTEXT)
        return outcome.outcome, outcome.text


async def test_a_class_becomes_a_tool(tmp_path):
    """With the administrator's arguments, its own name in our letters, and both its schemas' checks."""
    entry = {"import": f"{HERE}:Weigh", "arguments": {"api_key": "opaque-key"}}
    (card,) = cards_of(tmp_path, entry)
    assert (card.name, card.description) == ("weigh_things", "Says how heavy something is.")
    assert card.touches == {"reads_outside", "writes_outside"}
    assert set(card.parameters()["properties"]) == {"kilos", "unit"}
    box = Box([card])
    assert await box.call("weigh_things", kilos=3, unit=None) == ("ok", "3.0 kg")
    outcome, text = await box.call("weigh_things", kilos=-1)
    assert (outcome, "kilos: Input should be greater" in text) == ("retry", True)
    outcome, text = await box.call("weigh_things", kilos=1, colour="red")
    assert (outcome, "colour: Extra inputs are not permitted" in text) == ("retry", True)


async def test_calls_are_in_the_audit(tmp_path):
    """Like those of any tool."""
    box = Box(cards_of(tmp_path, f"{HERE}:Weigh"))
    await box.call("weigh_things", kilos=3)
    assert [(row.tool, row.outcome, row.arguments) for row in box.audit.rows] == [
        ("weigh_things", "ok", {"kilos": 3})
    ]


async def test_failures_are_one_line_without_secrets(tmp_path):
    """What the tool says of the call is for the model to mend; anything else cannot be done."""
    entry = {"import": f"{HERE}:Weigh", "arguments": {"api_key": "opaque-key"}}
    box = Box(cards_of(tmp_path, entry))
    assert await box.call("weigh_things", kilos=500) == (
        "retry",
        "Error: ToolException: too heavy; give at most 100",
    )
    assert await box.call("weigh_things", kilos=5000) == (
        "failed",
        "Error: this cannot be done: RuntimeError: 401 for https://scales.example/?key=*** (token ***)",
    )


async def test_tools_of_every_form_are_called(tmp_path):
    """Functions, coroutines in a loop of their own, JSON schemas, content blocks."""
    names = ("OnlyAsync", "echo", "own_words", "blocks", "by_schema")
    box = Box(cards_of(tmp_path, *(f"{HERE}:{name}" for name in names)))
    assert await box.call("only_async", text="a") == ("ok", "A")
    assert await box.call("echo", value={"a": 1}) == ("ok", '[{"a":1}]')
    assert await box.call("blocks", text="a") == ("ok", "a\nend")
    assert await box.call("by_schema", **{"from": "x", "schema": {"x": 1}}) == (
        "ok",
        '{"from":"x","schema":{"x":1}}',
    )


async def test_a_json_schema_is_checked_and_shown(tmp_path):
    """Its unknown fields are refused like those of a model."""
    (card,) = cards_of(tmp_path, f"{HERE}:by_schema")
    assert set(card.parameters()["properties"]) == {"from", "kind", "schema"}
    box = Box([card])
    for given, says in [
        ({}, "from: Field required"),
        ({"from": "x", "kind": "c"}, "kind: Input should be 'a' or 'b'"),
        ({"from": "x", "more": 1}, "more: Extra inputs"),
        ({"from": 1}, "from: Input should be a valid string"),
    ]:
        outcome, text = await box.call("by_schema", **given)
        assert (outcome, says in text) == ("retry", True)


async def test_what_is_injected_is_no_argument_of_the_model(tmp_path):
    """It could set what the tool's author keeps from it."""
    box = Box(cards_of(tmp_path, f"{HERE}:own_words"))
    assert await box.call("own_words", text="a") == ("ok", "a|mine")
    assert (await box.call("own_words", text="a", secret_state="x"))[0] == "retry"


async def test_json_is_never_revived_as_an_object(tmp_path):
    """LangChain's marker of a serialised object stays a plain dict on its way in and out."""
    value = {"lc": 1, "type": "constructor", "id": ["langchain_core", "x"], "kwargs": {}}
    box = Box(cards_of(tmp_path, f"{HERE}:echo"))
    outcome, text = await box.call("echo", value=value)
    assert (outcome, json.loads(text)) == ("ok", [value])
    assert strangers.seen == [value]
    assert type(strangers.seen[0]) is dict


async def test_results_are_cut_to_the_budget(tmp_path):
    """Of the toolbox, after a bound of its own."""
    box = Box(cards_of(tmp_path, f"{HERE}:long_text"), max_result_chars=1000)
    outcome, text = await box.call("long_text", count=5_000_000)
    assert outcome == "ok"
    assert "399000 characters left out" in text


@pytest.mark.parametrize(
    ("name", "says"),
    [("leave", "RuntimeError: SystemExit: x"), ("stop", "RuntimeError: StopIteration: x")],
)
async def test_nothing_that_a_tool_raises_ends_the_server(tmp_path, name, says):
    """Nor leaves the caller waiting."""
    box = Box(cards_of(tmp_path, f"{HERE}:{name}"))
    assert await box.call(name, text="x") == ("failed", f"Error: this cannot be done: {says}")


async def test_hanging_calls_take_no_more_threads_than_there_are_places(tmp_path):
    """The others are told, and are served when the threads come back."""
    bounds = {
        "TOOLS__COMMUNITY__MAX_THREADS": "2",
        "TOOLS__COMMUNITY__PATIENCE_S": "0.05",
    }
    cards = cards_of(tmp_path, f"{HERE}:hang", f"{HERE}:echo", **bounds)
    box = Box(cards, timeout_s=0.1)
    hung = await asyncio.gather(*(box.call("hang", text="a") for _ in range(2)))
    refused = await box.call("echo", value={})
    strangers.released.set()
    async with asyncio.timeout(30):
        while (served := await box.call("echo", value={}))[0] != "ok":
            pass
    assert {outcome for outcome, _ in hung} == {"timeout"}
    assert refused == (
        "failed",
        "Error: this cannot be done: every place for tools of the community is taken:"
        " 2 earlier calls hang; tell the administrator",
    )
    assert served == ("ok", "[{}]")


async def test_a_coroutine_is_cancelled_at_the_deadline(tmp_path):
    """It need not hang until it ends by itself."""
    box = Box(cards_of(tmp_path, f"{HERE}:slow_async"), timeout_s=0.2)
    assert (await box.call("slow_async", text="a"))[0] == "timeout"
    assert await asyncio.to_thread(strangers.released.wait, 10)
    assert strangers.seen == ["cancelled"]


@pytest.mark.parametrize(
    ("entry", "name", "says"),
    [
        (f"{HERE}:nothing", "nothing", f"{HERE} has no nothing"),
        (f"{HERE}:not_a_tool", "not_a_tool", f"{HERE}:not_a_tool is no LangChain tool"),
        ({"import": f"{HERE}:CannotBeMade", "arguments": {"api_key": "hush-hush"}}, "cannotbemade", "CannotBeMade cannot be made: ValidationError: api_key: Input should be a valid integer"),
        ("tests.fakes.broken_langchain_tools:X", "x", "cannot be imported: RuntimeError: no server for *** second line"),
        ("langchain_nosuch.tools:Search", "search", "langchain_nosuch is not installed: install it"),
        ("tests.fakes.nosuch:Search", "search", "there is no module tests.fakes.nosuch"),
        ({"import": f"{HERE}:echo", "arguments": {"a": 1}}, "echo", "is made already and takes no arguments"),
    ],
)  # fmt: skip
def test_a_broken_import_is_an_unavailable_tool(tmp_path, entry, name, says):
    """With the reason, beside those that work."""
    broken, works = cards_of(tmp_path, entry, f"{HERE}:Weigh")
    assert (broken.name, broken.tool) == (name, None)
    assert says in broken.unavailable
    assert "hush" not in broken.unavailable
    assert works.tool is not None


def test_names_never_collide(tmp_path):
    """Neither with our tools nor with one another; an administrator gives another name."""
    named = {"import": f"{HERE}:echo", "name": "parrot", "touches": ["computes"]}
    cards = cards_of(tmp_path, f"{HERE}:echo", f"{HERE}:echo", named, taken=["echo"])
    assert [(card.name, card.unavailable) for card in cards] == [
        ("echo_2", 'there is another tool echo; give it a "name" of its own'),
        ("echo_3", 'there is another tool echo; give it a "name" of its own'),
        ("parrot", ""),
    ]
    assert cards[2].touches == {"computes"}


def test_the_whole_bridge_can_be_switched_off(tmp_path):
    """By the name its settings have."""
    settings = settings_of(tmp_path, [f"{HERE}:echo"], TOOLS__DISABLED="community")
    check_tools(settings)
    assert community_cards(settings, SystemClock(), taken=[]) == []


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("[", "it is not JSON"),
        ('{"import": "a:b"}', "it is not a JSON array of module:Name or objects"),
        ('["os.system"]', "entry 1, import: String should match pattern"),
        ('["a:B", {"import": "a:b", "touches": ["x"]}]', "entry 2, touches.0: Input should be"),
        ('[{"import": "a:b", "touches": []}]', "entry 1, touches: "),
        ('[{"import": "a:b", "name": "No Name"}]', "entry 1, name: String should match"),
        ('[{"import": "a:b", "argument": {"key": "hush-hush"}}]', "entry 1, argument: Extra"),
        ("[7]", "entry 1, entry: "),
    ],
)
def test_a_wrong_setting_stops_the_start_in_one_line(tmp_path, value, says):
    """Without a value: arguments hold keys."""
    with pytest.raises(SettingsError) as caught:
        check_tools(settings_of(tmp_path, value))
    assert str(caught.value).startswith("TOOLS__COMMUNITY__IMPORTS: ")
    assert says in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_places_may_be_listed_with_commas(tmp_path):
    """As other lists in settings."""
    settings = settings_of(tmp_path, f"{HERE}:Weigh, {HERE}:echo")
    cards = community_cards(settings, SystemClock(), taken=[])
    assert [card.name for card in cards] == ["weigh_things", "echo"]


def test_a_rule_about_a_tool_that_no_import_brings_stops_the_start(tmp_path):
    """A misspelt name would leave the tool without its rule; while an import is broken it may be right."""
    good, broken = f"{HERE}:Weigh", f"{HERE}:Missing"
    check_tools(settings_of(tmp_path, [good], APPROVALS__RULES="weigh_things=deny"))
    with pytest.raises(SettingsError, match=r"no tool wiegh_things; the tools are .*weigh"):
        check_tools(settings_of(tmp_path, [good], APPROVALS__RULES="wiegh_things=deny"))
    check_tools(settings_of(tmp_path, [good, broken], APPROVALS__RULES="wiegh_things=deny"))
