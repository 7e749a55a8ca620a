"""A tool's own model checks its options, and errors read like those of any setting."""

import pytest
from pydantic import BaseModel, Field, SecretStr

from backend.config.errors import SettingsError
from backend.config.settings import load_settings
from backend.config.tool_options import check_tool_names, tool_options


class Options(BaseModel):
    max_results: int = Field(default=5, ge=1, le=20)
    key: SecretStr | None = None


def settings_from(tmp_path, **environ):
    return load_settings(env_file=tmp_path / ".env", environ=environ)


def test_given_options_are_converted(tmp_path):
    """Text becomes what the tool declares."""
    settings = settings_from(
        tmp_path, TOOLS__WEB_SEARCH__MAX_RESULTS="7", TOOLS__WEB_SEARCH__KEY="k"
    )
    assert tool_options(settings, "web_search", Options) == Options(
        max_results=7, key=SecretStr("k")
    )


def test_a_tool_without_options_gets_its_defaults(tmp_path):
    """Nothing needs to be set."""
    assert tool_options(settings_from(tmp_path), "web_search", Options) == Options()


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("TOOLS__WEB__MAX_RESULTS", "99", "it is too large; give a whole number from 1 to 20"),
        ("TOOLS__WEB__MAX_RESULT", "1", "there is no such setting; did you mean TOOLS__WEB__MAX_RESULTS?"),
        ("TOOLS__WEB__COLOUR", "1", "there is no such setting; known are: TOOLS__WEB__KEY, TOOLS__WEB__MAX_RESULTS"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_line_with_its_full_name(tmp_path, name, value, line):
    """The value is left out: it may be a key."""
    with pytest.raises(SettingsError) as caught:
        tool_options(settings_from(tmp_path, **{name: value}), "web", Options)
    assert str(caught.value) == f"{name}: {line} (environment)"


def test_options_of_a_tool_that_does_not_exist_are_refused(tmp_path):
    """A misspelt tool name would silently change nothing."""
    settings = settings_from(tmp_path, TOOLS__WEB_SAERCH__KEY="k")
    with pytest.raises(SettingsError) as caught:
        check_tool_names(settings, ["web_search", "weather"])
    assert str(caught.value) == (
        "TOOLS__WEB_SAERCH: there is no such setting; did you mean TOOLS__WEB_SEARCH? (environment)"
    )


def test_switching_off_a_tool_that_does_not_exist_is_refused(tmp_path):
    """A tool thought to be off must not be on."""
    settings = settings_from(tmp_path, TOOLS__DISABLED="weather,wether")
    with pytest.raises(SettingsError) as caught:
        check_tool_names(settings, ["web_search", "weather"])
    assert str(caught.value) == (
        "TOOLS__DISABLED: there is no tool 'wether'; the tools are weather, web_search (environment)"
    )
    check_tool_names(settings, ["wether", "weather"])
