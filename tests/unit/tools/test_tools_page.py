from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from backend import tools
from backend.kit.discovery import modules_of

PAGE = (Path(__file__).parents[3] / "docs" / "tools.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


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


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else (str(value) or "empty")
