"""The README's examples run against a real server and print what the README says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest

from tests.fakes.models import MODEL_DIR
from tests.fakes.processes import running_program
from tests.fakes.sample_files import pdf_of_lines

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = {
    name: (code, printed)
    for name, code, printed in re.findall(
        r"<!-- example: (\w+)\.py -->\n```python\n(.*?)```.*?<!-- prints -->\n```\n(.*?)```",
        README,
        re.DOTALL,
    )
}
PASSWORD = "a password for the readme"


@pytest.mark.parametrize("name", ["builtin", "documents", "modes", "tools"])
def test_an_example_prints_what_the_readme_says(name: str, tmp_path: Path) -> None:
    """The code is run as it stands, only the address is another."""
    code, printed = EXAMPLES[name]
    script = str(ROOT / "tests" / "fixtures" / "agent_modes.json")
    double = ["-m", "tests.fakes.ollama_double", "--script", script]
    environ = {
        "ADMIN_PASSWORD": PASSWORD,
        "SERVER_PORT": "0",
        "OLLAMA_HOST": "127.0.0.1:9",
        "DOCUMENTS__MODEL_DIR": str(MODEL_DIR),
    }
    server = str(ROOT / "run_backend.py")
    with running_program(*double, folder=ROOT, ready="http://") as (_, line):
        if name == "modes":
            environ["OLLAMA_HOST"] = _address(line)
        with running_program(server, folder=tmp_path, ready="listens", environ=environ) as (
            _,
            line,
        ):
            address = _address(line)
            token = _token(address)
            if name == "documents":
                _upload_lease(address, token)
            example = tmp_path / "example.py"
            example.write_text(code.replace("http://127.0.0.1:8000", address), encoding="utf-8")
            done = subprocess.run(
                [sys.executable, str(example)],
                env={"STEWARD_TOKEN": token, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                check=False,
                timeout=180,
            )
    assert (done.stderr, done.stdout.strip()) == ("", printed.strip())


def _upload_lease(address: str, token: str) -> None:
    """Upload the file that the README speaks of."""
    notice = "Either party may end the lease with a notice of 90 days."
    lease = pdf_of_lines([["The rent is 900 euros a month."], [notice]])
    answer = httpx.post(
        f"{address}/api/files/upload",
        files={"file": ("lease.pdf", lease, "application/pdf")},
        headers={"authorization": f"Bearer {token}"},
        timeout=180,
        trust_env=False,
    )
    assert answer.json()["state"] == "ready"


def _address(line: str) -> str:
    found = re.search(r"http://\S+", line)
    assert found is not None, line
    return found[0]


def _token(address: str) -> str:
    body = json.dumps({"username": "admin", "password": PASSWORD}).encode()
    request = urllib.request.Request(address + "/api/auth/login", body)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return str(json.loads(reply.read())["access_token"])
