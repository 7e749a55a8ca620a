from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from backend import tools
from backend.kit.discovery import modules_of

PAGE_FOLDER = Path(__file__).parents[3] / "docs"
PAGE = (PAGE_FOLDER / "tools.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^##? |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def described(name):
    """The tool's module; tools of the community share what describes them."""
    place = "backend.community.options" if name == "community" else f"backend.tools.{name}"
    return importlib.import_module(place)


def test_the_page_describes_every_tool():
    """A tool without a section is not documented, a section without a tool is out of date."""
    assert {module.NAME for module in modules_of(tools)} | {"community"} == SECTIONS.keys()


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_lists_every_setting_with_its_default(name):
    """Neither more nor fewer than the tool's Options have."""
    tool = described(name)
    fields = tool.Options.model_fields
    listed = re.findall(
        rf"^\| `TOOLS__{name.upper()}__(\w+)` \| (.+) \|$", SECTIONS[name], re.MULTILINE
    )
    shown = {key.lower(): value.strip("`") for key, value in listed}
    assert shown == {key: _written(field.default) for key, field in fields.items()}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_what_the_tool_touches(name):
    """In the words of TOUCHES."""
    tool = described(name)
    assert f"**Touches** ({', '.join(sorted(tool.TOUCHES))})" in SECTIONS[name]


@pytest.mark.parametrize("word", ["Limits", "Threat model"])
@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_tells_limits_and_threat_model(name, word):
    """In a paragraph of its own with something in it."""
    told = re.search(rf"^\*\*{word}\.\*\* (.+)$", SECTIONS[name], re.MULTILINE)
    assert told, f"docs/tools.md says nothing of {word.lower()} under {name}"
    assert len(told[1].split()) >= 15


def test_sections_stand_in_the_order_of_their_names():
    """A reader looks a tool up."""
    assert list(SECTIONS) == sorted(SECTIONS)


def test_settings_of_the_whole_server_that_the_page_names_exist():
    """Whole, or up to the dots that stand for several of a group; each shared group is named."""
    known = (PAGE_FOLDER / "settings.md").read_text(encoding="utf-8")
    named = {one for one in re.findall(r"[A-Z]+__[A-Z_]*", PAGE) if not one.startswith("TOOLS__")}
    assert [one for one in named if f"`{one}" not in known] == []
    groups = {one.partition("__")[0] for one in named}
    assert {"SANDBOX", "QUERY", "WEB", "APPROVALS", "ARTIFACTS"} <= groups


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else (str(value) or "empty")
