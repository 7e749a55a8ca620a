"""Stock clients for Node, unmodified, against the running server: openai-node and the Vercel AI SDK.

`make test` installs them where npm is; without them this is skipped, and fails in CI.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.fakes.capable_model import capable
from tests.fakes.downloads import plain_pdf
from tests.fakes.endpoints import offered
from tests.fakes.processes import clean_environment, required_program
from tests.fakes.threaded_server import Served

HERE = Path(__file__).parent
# How the AI SDK speaks to a server, and what the server must offer for it.
ENDPOINTS = {
    "chat": "/v1/chat/completions",
    "compatible": "/v1/chat/completions",
    "responses": "/v1/responses",
}
HAD = [name for name, path in ENDPOINTS.items() if offered(path)]
HEADING = re.compile(r"^  (?:'([^']+)'|(\w+)): async \(\) =>", re.MULTILINE)
INNER = re.compile(r"^    (?:'([^']+)'|(\w+)): async \(\) =>", re.MULTILINE)
Results = dict[str, dict[str, str | None]]


def names(script: str, pattern: re.Pattern[str]) -> list[str]:
    """Read the names of a script's cases from its text."""
    found = pattern.findall((HERE / script).read_text(encoding="utf-8"))
    return [quoted or bare for quoted, bare in found]


OPENAI_NODE = names("openai_node.js", HEADING)
OTHERS = names("openai_node_others.js", HEADING)
AI_SDK = names("ai_sdk.js", HEADING) + [
    f"{endpoint}: {name}" for endpoint in HAD for name in names("ai_sdk.js", INNER)
]


@pytest.fixture(scope="module")
def results(whole_server: Served) -> Results:
    """Run each script once, and give the errors by script and case."""
    node = required_program("node")
    if not (HERE / "node_modules").exists():
        complaint = "the clients for Node are not installed: make node-clients"
        if os.environ.get("CI") == "true":  # noqa: TID251 - a harness
            pytest.fail(complaint)
        pytest.skip(complaint)
    whole_server.ollama.reset()
    whole_server.ollama.script(capable)
    given = {
        "BASE_URL": whole_server.base_url,
        "API_KEY": whole_server.token,
        "ENDPOINTS": " ".join(HAD),
        "PDF": base64.b64encode(plain_pdf("A note")).decode(),
    }
    found: Results = {}
    for script in ("openai_node.js", "openai_node_others.js", "ai_sdk.js"):
        done = subprocess.run(
            [node, script],
            cwd=HERE,
            env=clean_environment(given),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        found[script] = {line["name"]: line["error"] for line in lines}
    return found


@pytest.mark.parametrize("name", OPENAI_NODE)
def test_openai_node(results: Results, name: str) -> None:
    """The case ran to its end."""
    assert results["openai_node.js"][name] is None


@pytest.mark.parametrize("name", OTHERS)
def test_openai_node_beside_chat(results: Results, name: str) -> None:
    """The case ran to its end."""
    assert results["openai_node_others.js"][name] is None


@pytest.mark.parametrize("name", AI_SDK)
def test_the_ai_sdk(results: Results, name: str) -> None:
    """The case ran to its end."""
    assert results["ai_sdk.js"][name] is None


def test_every_case_is_known_by_its_name(results: Results) -> None:
    """None is left out here because of how it is written there."""
    assert set(results["openai_node.js"]) == set(OPENAI_NODE)
    assert set(results["openai_node_others.js"]) == set(OTHERS)
    assert set(results["ai_sdk.js"]) == set(AI_SDK)
