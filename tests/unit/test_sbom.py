"""The bill of materials is what the lock installs, and the same each time."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.fakes.processes import ROOT, clean_environment


def test_the_bill_of_materials_is_the_lock():
    """Every pin is a component with its address at the package index, and there are no others."""
    lock = ROOT / "requirements.lock"
    program = [sys.executable, "scripts/sbom.py", str(lock)]
    made = [
        subprocess.run(
            program, cwd=ROOT, env=clean_environment({}), capture_output=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert made[0] == made[1]
    bill = json.loads(made[0])
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "steward"
    pins = [line for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line]
    assert [f"{one['name']}=={one['version']}" for one in bill["components"]] == pins
    addresses = [f"pkg:pypi/{pin.replace('==', '@')}" for pin in pins]
    assert [one["purl"] for one in bill["components"]] == addresses
