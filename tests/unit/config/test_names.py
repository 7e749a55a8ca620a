"""Misspelt names stop the start where names must be ours, and are warned of elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.config.errors import SettingsError
from backend.config.nearest import edit_distance, nearest
from backend.config.settings import load_settings


@pytest.fixture
def env_file(tmp_path):
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("SERVER_PROT", "did you mean SERVER_PORT?"),
        ("SERVER_HSOT", "did you mean SERVER_HOST?"),
        ("SERVER__PORT", "did you mean SERVER_PORT?"),
        ("server_port", "did you mean SERVER_PORT?"),
        ("SERVER_COMPLETELY_ELSE", "remove it, or look for its name in docs/settings.md"),
        ("AUTH__BCRYPT_ROUND", "did you mean AUTH__BCRYPT_ROUNDS?"),
        ("MODELS__RETRYS", "did you mean MODELS__RETRIES?"),
        ("AGENT__REACT_MAX_ITERATION", "did you mean AGENT__REACT_MAX_ITERATIONS?"),
        ("STORAGE__RUN_RETENTION", "remove it, or look for its name in docs/settings.md"),
        ("LOG__FORMATT", "did you mean LOG__FORMAT?"),
        ("UPSTREAM_OPENAI_API_KEI", "did you mean UPSTREAM_OPENAI_API_KEY?"),
        ("UPSTREAM_OPENAI_URL", "remove it, or look for its name in docs/settings.md"),
        ("OLLAMA_HOTS", "did you mean OLLAMA_HOST?"),
        ("TOOLS__DISABELD", "did you mean TOOLS__DISABLED?"),
        ("TOOLS__X", "write TOOLS__<TOOL>__<OPTION> or TOOLS__DISABLED, in capitals"),
        ("TOOLS__web__KEY", "write TOOLS__<TOOL>__<OPTION> or TOOLS__DISABLED, in capitals"),
        ("TOOLS__WEB__", "write TOOLS__<TOOL>__<OPTION> or TOOLS__DISABLED, in capitals"),
    ],
)
def test_an_unknown_name_with_one_of_our_prefixes_stops_the_start(env_file, name, fix):
    """In the file and in the environment alike, with one line that says how to mend it."""
    expected = f"{name}: there is no such setting; {fix}"
    with pytest.raises(SettingsError) as in_environment:
        load_settings(env_file=env_file, environ={name: "1"})
    env_file.write_text(f"{name}=1\n")
    with pytest.raises(SettingsError) as in_file:
        load_settings(env_file=env_file, environ={})
    assert str(in_environment.value) == f"{expected} (environment)"
    assert str(in_file.value) == f"{expected} ({env_file} line 1)"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("SECRETKEY", "did you mean SECRET_KEY?"),
        ("DATA_DIRS", "did you mean DATA_DIR?"),
        ("PATH", "remove it, or look for its name in docs/settings.md"),
        (
            "OLLAMA_NUM_PARALLEL",
            "it belongs to Ollama itself, set it where Ollama is started",
        ),
    ],
)
def test_every_unknown_name_in_the_file_stops_the_start(env_file, name, fix):
    """The file is ours alone."""
    env_file.write_text(f"\n{name}=1\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(env_file=env_file, environ={})
    assert str(caught.value) == (f"{name}: there is no such setting; {fix} ({env_file} line 2)")


@pytest.mark.parametrize(
    "name", ["OLLAMA_NUM_PARALLEL", "OLLAMA_MODELS", "OLLAMA_SOMETHING_NEW", "PATH", "LOGNAME"]
)
def test_names_of_others_in_the_environment_are_left_alone(env_file, name):
    """Ollama's own variables and the system's neither stop the start nor cause a warning."""
    assert load_settings(env_file=env_file, environ={name: "1"}).warnings == ()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ADMIN_PASSWORT", "ADMIN_PASSWORD"),
        ("AUTH_BCRYPT_ROUNDS", "AUTH__BCRYPT_ROUNDS"),
        ("SECRET_KEYS", "SECRET_KEY"),
        ("DATABSE_URL", "DATABASE_URL"),
    ],
)
def test_near_misses_in_the_environment_are_warned_of(env_file, name, meant):
    """They may belong to someone else, so they do not stop the start."""
    settings = load_settings(env_file=env_file, environ={name: "1"})
    assert settings.warnings == (f"{name} in the environment is unused: meant {meant}?",)


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("kitten", "sitting", 3)],
)
def test_edits_are_counted_with_swaps_as_one(left, right, edits):
    """The distance people mean when they say "two letters are swapped"."""
    assert edit_distance(left, right) == edits


@given(st.text(max_size=8), st.text(max_size=8))
def test_the_distance_is_symmetric_and_bounded(left, right):
    """Two properties every edit distance has."""
    distance = edit_distance(left, right)
    assert distance == edit_distance(right, left)
    assert abs(len(left) - len(right)) <= distance <= max(len(left), len(right))


def test_short_names_have_no_near_ones():
    """Otherwise any three letters would be close to any others."""
    assert nearest("AB", ["AC"], within=2) is None
    assert nearest("ABC", ["ABD"], within=2) == "ABD"
