"""docs/clients.md works: what can run offline is run as it stands, the rest has the right form.

Only the address, the password and the place of Node's packages are other ones here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fakes.capable_model import capable
from tests.fakes.live_server import PASSWORD
from tests.fakes.processes import clean_environment, required_program
from tests.fakes.threaded_server import Served

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
NODE_PACKAGES = ROOT / "tests" / "conformance" / "node" / "node_modules"
SETUPS = {
    name: (language, code)
    for name, language, code in re.findall(
        r"<!-- client: ([\w-]+) -->\n```(\w+)\n(.*?)```", PAGE, re.DOTALL
    )
}
ADDRESS = "http://127.0.0.1:8000"
# What each prints here, where a capable double of a model answers.
PRINTED = {
    "openai": r"You said: Hello there\nlease\.txt\n384\n",
    "langchain": r"name='.+' age=36\n384\n",
    "openai-node": r"You said: Hello there",
    "ai-sdk": r"You said: Hello there",
    "curl": r'\{"id":"chatcmpl-.*"You said: Hello there".*event: response\.completed.*',
    "key": r"sk-steward-\S+\n",
}
# Told as their documentation has it; none of them reads the variable.
OWN_PLACE_FOR_KEYS = {"llm", "zed"}


def run(arguments: Sequence[str], *, served: Served, folder: Path) -> str:
    """Run a program in a folder with a key, and give what it prints; complaints are failures."""
    done = subprocess.run(
        arguments,
        cwd=folder,
        env=clean_environment({"STEWARD_KEY": served.token}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def command(name: str, folder: Path, served: Served) -> list[str]:
    """Write a set-up down as it is run."""
    language, code = SETUPS[name]
    code = code.replace(ADDRESS, served.url).replace("THE PASSWORD", PASSWORD)
    if language == "bash":
        required_program("curl")
        return [required_program("bash"), "-c", code]
    if language == "python":
        (folder / "example.py").write_text(code, encoding="utf-8")
        return [sys.executable, "example.py"]
    node = required_program("node")
    if not NODE_PACKAGES.exists():
        complaint = "the clients for Node are not installed: make node-clients"
        if os.environ.get("CI") == "true":  # noqa: TID251 - a harness
            pytest.fail(complaint)
        pytest.skip(complaint)
    (folder / "node_modules").symlink_to(NODE_PACKAGES)
    (folder / "example.mjs").write_text(code, encoding="utf-8")
    return [node, "example.mjs"]


@pytest.mark.parametrize("name", PRINTED)
def test_a_set_up_works_as_it_stands(name: str, served: Served, tmp_path: Path) -> None:
    """Copied from the page, run by the real client against the real server."""
    served.ollama.script(capable)
    printed = run(command(name, tmp_path, served), served=served, folder=tmp_path)
    assert re.fullmatch(PRINTED[name], printed, re.DOTALL), printed


@pytest.mark.parametrize("name", sorted(SETUPS.keys() - {"key"}))
def test_a_set_up_names_the_address_and_the_key(name: str) -> None:
    """Anthropic's clients add the version to the address themselves, all others want it there."""
    language, code = SETUPS[name]
    wanted = ADDRESS if name == "anthropic" else f"{ADDRESS}/v1"
    assert re.search(re.escape(wanted) + r"(?![\w.])(?!/v1)", code), code
    assert "STEWARD_KEY" in code or name in OWN_PLACE_FOR_KEYS
    if language == "python":
        compile(code, name, "exec")
    elif language == "json":
        json.loads(code)
    elif language == "bash" and (bash := shutil.which("bash")):
        checked = subprocess.run([bash, "-n", "-c", code], capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")


def test_every_set_up_of_the_page_is_looked_at() -> None:
    """A block without its mark would rot unseen."""
    assert PAGE.count("```") == 2 * len(SETUPS)
    assert PRINTED.keys() <= SETUPS.keys()
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("(docs/clients.md)") == 2
