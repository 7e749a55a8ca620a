"""Writes `.env.example` and `docs/settings.md` from the settings classes.

Run `python -m backend.config.reference` after changing a setting; a test compares the files.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from backend.config.catalogue import Setting, describe
from backend.config.settings import Settings

ENV_EXAMPLE = Path(".env.example")
SETTINGS_PAGE = Path("docs/settings.md")

_TITLES = {
    "": "Well-known names",
    "SERVER": "Server",
    "AUTH": "Log-in",
    "LIMITS": "Limits",
    "MODELS": "Model servers",
    "AGENT": "Agents",
    "DOCUMENTS": "Documents",
    "ATTACHMENTS": "Images and files in messages",
    "ARTIFACTS": "Files that tools make",
    "QUERY": "Queries",
    "STORAGE": "Storage",
    "DATABASE": "PostgreSQL",
    "OBJECTS": "Files in a bucket",
    "APPROVALS": "Approvals",
    "LOG": "Logging",
    "METRICS": "Figures",
    "TRACING": "Traces",
    "HISTORY": "History for administrators",
    "WEB": "Web pages",
    "MCP": "Remote MCP servers",
    "SANDBOX": "Sandbox of Python code",
    "ANSWER_CACHE": "Answers given again",
    "CREDENTIALS": "Credentials",
    "TOOLS": "Tools",
}
_ENV_HEAD = """\
# Copy to .env and remove the # of what you change. Values here are the defaults; empty means none.
# The process environment wins over this file, the command line over both.
# A misspelt name stops the start. ${...} is not replaced. docs/settings.md says what is allowed.
"""
_TOOLS_ENV = """\

# Options of one tool: TOOLS__<TOOL>__<OPTION>=value, checked by the tool itself.
"""
_PAGE_HEAD = """\
# Settings

Settings are read from `.env` in the folder the server is started in, then from the process environment, then from
the command line (`--host`, `--port`); later ones win. Empty values count as not given. Units are in the names.

A misspelt name in `.env`, or one in the environment that starts like a setting, stops the start with one line:

    SERVER_PROT: there is no such setting; did you mean SERVER_PORT? (.env line 1)

So does a bad value:

    SERVER_PORT: '99999': it is too large; give a whole number from 0 to 65535 (environment)

Other names in the environment that look misspelt are logged as a warning. Variables of Ollama itself, such as
`OLLAMA_NUM_PARALLEL`, are left to Ollama. Secrets are never shown, neither in errors nor in logs.

Nothing has an insecure default: the key that signs access tokens is made at the first start into `DATA_DIR/secret.key`
(readable by its owner only), the first administrator's password is made and printed once, and the server binds loopback.

This page is generated: `python -m backend.config.reference`.
"""
_TOOLS_PAGE = """\

Options of one tool are written `TOOLS__<TOOL>__<OPTION>`, such as `TOOLS__WEB_SEARCH__MAX_RESULTS`; the tool's own file
under `backend/tools/` lists them in its `Options`, and a wrong one stops the start in the same way.
"""


def env_example() -> str:
    """Write every setting as a comment line with its default."""
    parts = [_ENV_HEAD]
    for title, settings in _groups():
        parts.append(f"\n## {title}\n")
        for setting in settings:
            default = "" if setting.secret else setting.default
            parts.append(f"\n# {_full_description(setting)}\n#{setting.name}={default}\n")
    return "".join(parts) + _TOOLS_ENV


def settings_page() -> str:
    """Write every setting as a row of a table, by group."""
    parts = [_PAGE_HEAD]
    for title, settings in _groups():
        parts.append(
            f"\n## {title}\n\n| Setting | Default | Accepts | What it does |\n|---|---|---|---|\n"
        )
        for setting in settings:
            default = (
                f"`{setting.default}`"
                if setting.default and not setting.secret
                else setting.default
            )
            parts.append(
                f"| `{setting.name}` | {default} | {setting.allowed} | {setting.description} |\n"
            )
    return "".join(parts) + _TOOLS_PAGE


def _full_description(setting: Setting) -> str:
    default = f"Default: {setting.default}. " if setting.secret and setting.default else ""
    return f"{setting.description} {default}Give {setting.allowed}."


def _groups() -> list[tuple[str, list[Setting]]]:
    settings = describe(Settings).values()
    by_group = groupby(settings, key=lambda s: s.name.partition("__")[0] if "__" in s.name else "")
    return [(_TITLES[group], list(members)) for group, members in by_group]


def main() -> None:
    """Write both files below the current folder."""
    ENV_EXAMPLE.write_text(env_example(), encoding="utf-8")
    SETTINGS_PAGE.parent.mkdir(exist_ok=True)
    SETTINGS_PAGE.write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
