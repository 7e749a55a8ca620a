"""The two generated lists of settings are complete and up to date."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from backend.config.catalogue import describe
from backend.config.reference import ENV_EXAMPLE, SETTINGS_PAGE, env_example, settings_page
from backend.config.settings import Settings, load_settings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("path", "write"), [(ENV_EXAMPLE, env_example), (SETTINGS_PAGE, settings_page)]
)
def test_the_file_in_the_repository_is_what_the_code_says(path, write):
    """Run `make fix` after changing a setting."""
    assert (ROOT / path).read_text(encoding="utf-8") == write()


def test_every_setting_stands_in_both_files():
    """Whoever reads one of them knows all names."""
    names = set(describe(Settings))
    assert [name for name in names if f"\n#{name}=" not in env_example()] == []
    assert [name for name in names if f"| `{name}` |" not in settings_page()] == []


def test_the_example_with_every_line_switched_on_is_the_default(tmp_path):
    """Copying it changes nothing."""
    lines = [
        line[1:] if line.startswith("#") and not line.startswith(("# ", "##")) else line
        for line in env_example().splitlines()
    ]
    file = tmp_path / ".env"
    file.write_text("\n".join(lines))
    assert set(dotenv_values(file)) == set(describe(Settings))
    loaded = load_settings(env_file=file, environ={})
    assert loaded.model_dump() == Settings().model_dump()


def test_every_setting_is_described():
    """A name alone explains nothing."""
    assert [s.name for s in describe(Settings).values() if not s.description.endswith(".")] == []
